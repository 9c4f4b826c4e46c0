"""DistilBERT (arXiv 1910.01108)."""

from bcos_core.families.family import Family, Step

DISTILBERT = Family(
    name="distilbert",
    title="DistilBERT",
    model_types=("distilbert",),
    embeddings=("distilbert.embeddings",),
    blocks="distilbert.transformer.layer",
    steps=(
        Step(("attention.q_lin", "attention.k_lin", "attention.v_lin"), "plain"),
        Step(("attention.out_lin",), sum_into="sa_layer_norm"),
        Step(("ffn.lin1",)),
        Step(("ffn.lin2",), sum_into="output_layer_norm"),
    ),
    norms=("sa_layer_norm", "output_layer_norm"),
    head=(Step(("pre_classifier",)), Step(("classifier",))),
)
