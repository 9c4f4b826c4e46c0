"""OLMo 2 (arXiv 2501.00656): Llama's linears, norms behind attention and feed-forward layer, before the sum."""

from dataclasses import replace

from bcos_core.families.family import Step
from bcos_core.families.llama import LLAMA_LIKE

OLMO2 = replace(
    LLAMA_LIKE,
    name="olmo2",
    title="OLMo 2",
    model_types=("olmo2",),
    steps=(
        Step(("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"), "plain"),
        Step(("self_attn.o_proj",)),
        Step(("mlp.gate_proj", "mlp.up_proj")),
        Step(("mlp.down_proj",)),
    ),
    norms=("post_attention_layernorm", "post_feedforward_layernorm"),
    kept=("self_attn.q_norm", "self_attn.k_norm"),
)
