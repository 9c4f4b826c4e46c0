"""Phi-3 (arXiv 2404.14219): Llama's blocks with fused linears, and rotary positions in a part of a head if so set."""

from dataclasses import replace

from bcos_core.families.family import BLOCK_OUTPUT, Step
from bcos_core.families.llama import LLAMA_LIKE

PHI3 = replace(
    LLAMA_LIKE,
    name="phi3",
    title="Phi-3",
    model_types=("phi3",),
    steps=(
        Step(("self_attn.qkv_proj",), "plain"),
        Step(("self_attn.o_proj",), sum_into="post_attention_layernorm"),
        Step(("mlp.gate_up_proj",)),
        Step(("mlp.down_proj",), sum_into=BLOCK_OUTPUT),
    ),
)
