"""Llama (arXiv 2302.13971) and the families that have its blocks: Mistral, Qwen2, SmolLM3; Qwen3 also norms queries and
keys. Sliding windows, rotary positions and their absence in some layers are all in the attention probabilities."""

from dataclasses import replace

from bcos_core.families.family import BLOCK_OUTPUT, Family, Step

LLAMA_LIKE = Family(
    name="llama-like",
    title="a family like Llama",
    model_types=(),
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
    centred=False,
    gated=True,
    pools="last",
)
LLAMA = replace(
    LLAMA_LIKE, name="llama", title="Llama", model_types=("llama",), weights="SmolLM2-135M-Instruct, from GGUF"
)
MISTRAL = replace(LLAMA_LIKE, name="mistral", title="Mistral", model_types=("mistral",))
QWEN2 = replace(LLAMA_LIKE, name="qwen2", title="Qwen2", model_types=("qwen2",))
SMOLLM3 = replace(LLAMA_LIKE, name="smollm3", title="SmolLM3", model_types=("smollm3",))
QWEN3 = replace(
    LLAMA_LIKE, name="qwen3", title="Qwen3", model_types=("qwen3",), kept=("self_attn.q_norm", "self_attn.k_norm")
)
