"""GPT-NeoX (arXiv 2204.06745), the family of Pythia: attention and feed-forward layer side by side in one sum."""

from bcos_core.families.family import BLOCK_OUTPUT, Family, Step

GPT_NEOX = Family(
    name="gpt_neox",
    title="GPT-NeoX (Pythia)",
    model_types=("gpt_neox",),
    embeddings=("gpt_neox.embed_in",),
    blocks="gpt_neox.layers",
    steps=(
        Step(("attention.query_key_value",), "plain"),
        Step(("attention.dense",)),
        Step(("mlp.dense_h_to_4h",)),
        Step(("mlp.dense_4h_to_h",), sum_into=BLOCK_OUTPUT),
    ),
    norms=("input_layernorm", "post_attention_layernorm"),
    head=(Step(("score",)),),
    head_norms=("gpt_neox.final_layer_norm",),
    pools="last",
    language_head="embed_out",
)
