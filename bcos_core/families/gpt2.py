"""GPT-2 (Radford et al. 2019): `Conv1D` layers, whose weights are stored transposed, and learned positions in E."""

from bcos_core.families.family import BLOCK_OUTPUT, Family, Step

GPT2 = Family(
    name="gpt2",
    title="GPT-2",
    model_types=("gpt2",),
    embeddings=("transformer.wte", "transformer.wpe"),
    blocks="transformer.h",
    steps=(
        Step(("attn.c_attn",), "plain"),
        Step(("attn.c_proj",), sum_into="ln_2"),
        Step(("mlp.c_fc",)),
        Step(("mlp.c_proj",), sum_into=BLOCK_OUTPUT),
    ),
    norms=("ln_1", "ln_2"),
    head=(Step(("score",)),),
    head_norms=("transformer.ln_f",),
    pools="last",
    positions="n_positions",
)
