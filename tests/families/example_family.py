"""StableLM: Llama's linears with LayerNorm. A whole family, as a file of `families` has it."""

from bcos_core.families.family import BLOCK_OUTPUT, Family, Requires, Step

FAMILY = Family(
    name="stablelm",
    title="StableLM",
    model_types=("stablelm",),
    embeddings=("model.embed_tokens",),
    blocks="model.layers",
    steps=(
        Step(("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"), "plain"),
        Step(("self_attn.o_proj",), sum_into="post_attention_layernorm"),
        Step(("mlp.gate_proj", "mlp.up_proj")),
        Step(("mlp.down_proj",), sum_into=BLOCK_OUTPUT),
    ),
    norms=("input_layernorm", "post_attention_layernorm"),
    head=(Step(("score",)),),
    head_norms=("model.norm",),
    gated=True,  # act(gate) · up: the whole act(gate) is a constant factor
    pools="last",
    requires=(
        Requires("use_parallel_residual", (False,), "a block would have one norm then"),
        Requires("qk_layernorm", (False,), "its norms of queries and keys are one for each head"),
    ),
)
