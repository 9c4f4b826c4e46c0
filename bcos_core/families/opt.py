"""OPT (arXiv 2205.01068): ReLU, which is piecewise linear as it is, and learned positions in E."""

from bcos_core.families.family import BLOCK_OUTPUT, Family, Requires, Step

OPT_350M = "only OPT-350m is made so, and it was never tried here"

OPT = Family(
    name="opt",
    title="OPT",
    model_types=("opt",),
    embeddings=("model.decoder.embed_tokens", "model.decoder.embed_positions"),
    blocks="model.decoder.layers",
    steps=(
        Step(("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"), "plain"),
        Step(("self_attn.out_proj",), sum_into="final_layer_norm"),
        Step(("fc1",)),
        Step(("fc2",), sum_into=BLOCK_OUTPUT),
    ),
    norms=("self_attn_layer_norm", "final_layer_norm"),
    head=(Step(("score",)),),
    head_norms=("model.decoder.final_layer_norm",),
    pools="last",
    requires=(
        Requires("do_layer_norm_before", (True,), OPT_350M),
        Requires("layer_norm_elementwise_affine", (True,), "norms without weights were never tried here"),
        Requires("_remove_final_layer_norm", (False,), "it is how checkpoints of before transformers 4.20 were saved"),
    ),
)
