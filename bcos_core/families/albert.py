"""ALBERT (arXiv 1909.11942): one block runs as every layer of its group, so calibration fits it to all of them."""

from bcos_core.families.family import Family, Requires, Step

BLOCK = "albert_layers.0"

ALBERT = Family(
    name="albert",
    title="ALBERT",
    model_types=("albert",),
    embeddings=("albert.embeddings", "albert.encoder.embedding_hidden_mapping_in"),
    blocks="albert.encoder.albert_layer_groups",
    steps=(
        Step(tuple(f"{BLOCK}.attention.{name}" for name in ("query", "key", "value")), "plain"),
        Step((f"{BLOCK}.attention.dense",), sum_into=f"{BLOCK}.attention.LayerNorm"),
        Step((f"{BLOCK}.ffn",)),
        Step((f"{BLOCK}.ffn_output",), sum_into=f"{BLOCK}.full_layer_layer_norm"),
    ),
    norms=(f"{BLOCK}.attention.LayerNorm", f"{BLOCK}.full_layer_layer_norm"),
    head=(Step(("albert.pooler",), until="classifier"), Step(("classifier",))),
    removed=("albert.pooler_activation",),
    shared=True,
    requires=(Requires("inner_group_num", (1,), "no published ALBERT has several different layers in a group"),),
)
