"""MPNet (arXiv 2004.09297): BERT's blocks with a bias of relative positions in an attention of its own."""

from bcos_core.families.family import Family, Requires, Step
from bcos_core.families.roberta import TANH_HEAD

MPNET = Family(
    name="mpnet",
    title="MPNet",
    model_types=("mpnet",),
    embeddings=("mpnet.embeddings",),
    blocks="mpnet.encoder.layer",
    steps=(
        Step(("attention.attn.q", "attention.attn.k"), "constant"),
        Step(("attention.attn.v",), "plain"),
        Step(("attention.attn.o",), sum_into="attention.LayerNorm"),
        Step(("intermediate.dense",)),
        Step(("output.dense",), sum_into="output.LayerNorm"),
    ),
    norms=("attention.LayerNorm", "output.LayerNorm"),
    head=TANH_HEAD,
    kept=("mpnet.encoder.relative_attention_bias",),
    rebuilt=(("classifier", "LinearHead"),),
    first_position="after the padding id",
    weights="all-mpnet-base-v2",
    requires=(Requires("pad_token_id", (1,), "its code counts positions from 2, whatever the padding id is"),),
)
