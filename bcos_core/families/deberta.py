"""DeBERTa v2 and v3 (arXiv 2006.03654, 2111.09543).

Its disentangled attention adds content-to-position and position-to-content scores before the softmax. All of them are
made of queries and keys, of words or of positions, so with these constant the attention is a matrix applied to values.
"""

from bcos_core.families.bert import NORMS
from bcos_core.families.family import Family, Requires, Step

SELF = "attention.self"

DEBERTA = Family(
    name="deberta-v2",
    title="DeBERTa v2 / v3",
    model_types=("deberta-v2",),
    embeddings=("deberta.embeddings",),
    blocks="deberta.encoder.layer",
    steps=(
        Step((f"{SELF}.query_proj", f"{SELF}.key_proj"), "constant"),
        Step((f"{SELF}.value_proj",), "plain"),
        Step(("attention.output.dense",), sum_into="attention.output.LayerNorm"),
        Step(("intermediate.dense",)),
        Step(("output.dense",), sum_into="output.LayerNorm"),
    ),
    norms=NORMS,
    head=(Step(("pooler.dense",)), Step(("classifier",))),
    kept=(
        f"{SELF}.pos_key_proj",
        f"{SELF}.pos_query_proj",
        "deberta.encoder.rel_embeddings",
        "deberta.encoder.LayerNorm",  # of the embeddings of relative positions
    ),
    rebuilt=(("pooler", "ContextPooler"),),
    requires=(Requires("conv_kernel_size", (None, 0), "its convolution beside the first layer ends in a tanh"),),
)
