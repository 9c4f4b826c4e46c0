"""`python -m benchmarks memory`: what a forward pass and an explanation of one text take of the memory, for models of
1, 8 and 70 billion parameters. Counted from their shapes (`bcos_core.model.memory`): nothing is allocated.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import torch
from transformers import AutoConfig

from bcos_core.families import family_named
from bcos_core.model.memory import ModelShapes, shapes_of
from bcos_core.model.recomputed import blocks_again
from bcos_core.model.skeleton import skeleton

Figures = dict[str, float]
TOKENS = (512, 4096)
FORMATS = {"fp32": 4, "bf16": 2}
"""Bytes of a number."""
_LLAMA = {"vocab_size": 128_256, "num_key_value_heads": 8, "max_position_embeddings": 131_072, "pad_token_id": 0}
LLAMAS: dict[str, dict[str, Any]] = {
    "llama_1b": {
        **_LLAMA,
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "tie_word_embeddings": True,
    },
    "llama_8b": {
        **_LLAMA,
        "hidden_size": 4096,
        "intermediate_size": 14_336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
    },
    "llama_70b": {
        **_LLAMA,
        "hidden_size": 8192,
        "intermediate_size": 28_672,
        "num_hidden_layers": 80,
        "num_attention_heads": 64,
    },
}
"""Of Llama 3.2 1B, 3.1 8B and 3.1 70B, what config.json says."""


def all_counted() -> Iterator[Figures]:
    """Every model, length and number format."""
    for name in LLAMAS:
        for tokens in TOKENS:
            for number in FORMATS:
                yield counted(name, tokens, number)


def counted(name: str, tokens: int, number: str) -> Figures:
    """Of a language model of `LLAMAS`, as it stands, and a text of so many tokens, in a number format of `FORMATS`: the
    peak of a forward pass, what a key–value cache would add to it, and of explanations, with every block's graph kept,
    and with as many blocks computed again as `blocks_again` says."""
    shapes, size = _shapes(name), FORMATS[number]
    forward, again = shapes.forward(tokens, size), blocks_again(shapes, tokens, size, torch.device("cpu"))
    found = {
        "weights_gb": shapes.weights(size) / 1e9,
        "forward_gb": forward / 1e9,
        "cache_gb": shapes.cache(tokens, size) / 1e9,
        "all_kept_over_forward": shapes.explanation(tokens, size) / forward,
        "blocks_again": again,
        "explanation_over_forward": shapes.explanation(tokens, size, again=again) / forward,
        "all_again_over_forward": shapes.explanation(tokens, size, again=shapes.blocks) / forward,
    }
    return {f"{name}_{tokens}_tokens_{number}_{figure}": value for figure, value in found.items()}


@cache
def _shapes(name: str) -> ModelShapes:
    config = AutoConfig.for_model("llama", **LLAMAS[name])
    return shapes_of(skeleton(config, family_named("llama").language_model, name=name))
