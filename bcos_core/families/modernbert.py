"""ModernBERT (arXiv 2412.13663): pre-norm, gated, rotary, with local attention in most layers and no biases."""

from bcos_core.families.family import BLOCK_OUTPUT, Family, Step

MODERNBERT = Family(
    name="modernbert",
    title="ModernBERT",
    model_types=("modernbert",),
    embeddings=("model.embeddings",),
    blocks="model.layers",
    steps=(
        Step(("attn.Wqkv",), "plain"),
        Step(("attn.Wo",), sum_into="mlp_norm"),
        Step(("mlp.Wi",)),
        Step(("mlp.Wo",), sum_into=BLOCK_OUTPUT),
    ),
    norms=("attn_norm", "mlp_norm"),
    head=(Step(("head.dense",)), Step(("classifier",))),
    head_norms=("model.final_norm", "head.norm"),
    gated=True,
)
