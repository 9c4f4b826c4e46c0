"""StarCoder2 (arXiv 2402.19173): Llama's attention, a plain feed-forward layer, LayerNorm, and biases throughout."""

from dataclasses import replace

from bcos_core.families.family import BLOCK_OUTPUT, Step
from bcos_core.families.llama import LLAMA_LIKE

STARCODER2 = replace(
    LLAMA_LIKE,
    name="starcoder2",
    title="StarCoder2",
    model_types=("starcoder2",),
    steps=(
        Step(("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"), "plain"),
        Step(("self_attn.o_proj",), sum_into="post_attention_layernorm"),
        Step(("mlp.c_fc",)),
        Step(("mlp.c_proj",), sum_into=BLOCK_OUTPUT),
    ),
    centred=True,
    gated=False,
)
