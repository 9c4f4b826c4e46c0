"""Gemma (arXiv 2403.08295) and Gemma 3 for text (arXiv 2503.19786): norms multiply by 1 + w, embeddings by √hidden.

Gemma 3 norms what attention and feed-forward layer give once more before it is added, so no linear feeds a sum alone.
"""

from dataclasses import replace

from bcos_core.families.family import Requires, Step
from bcos_core.families.llama import LLAMA_LIKE

GEMMA = replace(LLAMA_LIKE, name="gemma", title="Gemma", model_types=("gemma",), offset=1.0)
GEMMA3 = replace(
    GEMMA,
    name="gemma3_text",
    title="Gemma 3 (text)",
    model_types=("gemma3_text",),
    steps=(
        Step(("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"), "plain"),
        Step(("self_attn.o_proj",)),
        Step(("mlp.gate_proj", "mlp.up_proj")),
        Step(("mlp.down_proj",)),
    ),
    norms=(
        "input_layernorm",
        "post_attention_layernorm",
        "pre_feedforward_layernorm",
        "post_feedforward_layernorm",
    ),
    kept=("self_attn.q_norm", "self_attn.k_norm"),
    requires=(
        Requires("attn_logit_softcapping", (None,), "fused attention does not cap its scores (soft-capping)"),
        Requires("final_logit_softcapping", (None,), "a tanh over a language model's logits has no exact sum"),
        Requires("use_bidirectional_attention", (None, False), "its tokens see those behind them, too"),
    ),
)
