"""A conventional BERT, biases and tanh included, written out in NumPy as a sum over tokens that is carried forward.

Every hidden vector h_t is kept in parts, one for each token of E and a last one for the biases: h_t = Σ_k h_t,k. Linear
parts of the network multiply each, the factors of the others are those of the sum. Nothing here calls the code under
test.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
AddBias = Callable[[Array, Array], Array]
"""Parts (tokens + 1, …, width) and a bias (width,) → the parts with the bias in one or several of them."""


def to_the_last(parts: Array, bias: Array) -> Array:
    """The biases are a part of their own."""
    return np.concatenate([parts[:-1], parts[-1:] + bias])


def by_size(parts: Array, bias: Array) -> Array:
    """DecompX (arXiv 2306.02873 §3): each token's part takes as much of the bias as it has of Σ |bias · part|."""
    size = np.abs(parts[:-1] @ bias)
    taken = (size / size.sum(0))[..., None] * bias
    return np.concatenate([parts[:-1] + taken, parts[-1:]])


def decomposed_logits(
    weights: dict[str, Array], embeddings: Array, *, heads: int, layers: int, eps: float, decompx: bool = False
) -> Array:
    """The parts of the logits (tokens + 1, classes) of one text with E (tokens, hidden).

    With `decompx`, biases go to the tokens' parts; that of the attention, W_o b_v + b_o, behind the residual sum, and
    in the first layer b_v with the token that is looked at (as in the authors' modeling_bert.py).
    """
    add: AddBias = by_size if decompx else to_the_last
    tokens, width = embeddings.shape
    state = np.zeros((tokens + 1, tokens, width))
    state[np.arange(tokens), np.arange(tokens)] = embeddings

    def linear(x: Array, name: str) -> Array:
        return add(x @ weights[f"{name}.weight"].T, weights[f"{name}.bias"])

    def norm(x: Array, name: str) -> Array:
        whole = x.sum(0)
        std = np.sqrt(whole.var(-1, keepdims=True) + eps)
        return add((x - x.mean(-1, keepdims=True)) / std * weights[f"{name}.weight"], weights[f"{name}.bias"])

    def gate(x: Array, activation: Callable[[float], float]) -> Array:
        whole = x.sum(0)
        return x * (np.vectorize(activation)(whole) / whole)

    def attend(x: Array, name: str, values: Array) -> Array:
        queries, keys = (
            x.sum(0) @ weights[f"{name}.{part}.weight"].T + weights[f"{name}.{part}.bias"] for part in ("query", "key")
        )
        out, size = np.zeros_like(x), width // heads
        for head in range(heads):
            part = slice(head * size, (head + 1) * size)
            scores = np.exp(queries[:, part] @ keys[:, part].T / math.sqrt(size))
            out[..., part] = scores / scores.sum(1, keepdims=True) @ values[..., part]
        return out

    for layer in range(layers):
        block = f"bert.encoder.layer.{layer}"
        looks, dense = f"{block}.attention.self", f"{block}.attention.output.dense"
        if decompx:
            values = state @ weights[f"{looks}.value.weight"].T
            own, bias = weights[f"{looks}.value.bias"], weights[f"{dense}.bias"]
            if layer == 0:
                values[np.arange(tokens), np.arange(tokens)] += own
            else:
                bias = bias + weights[f"{dense}.weight"] @ own
            summed = add(attend(state, looks, values) @ weights[f"{dense}.weight"].T + state, bias)
        else:
            summed = linear(attend(state, looks, linear(state, f"{looks}.value")), dense) + state
        state = norm(summed, f"{block}.attention.output.LayerNorm")
        fed = gate(linear(state, f"{block}.intermediate.dense"), lambda v: v * (1 + math.erf(v / math.sqrt(2))) / 2)
        state = norm(linear(fed, f"{block}.output.dense") + state, f"{block}.output.LayerNorm")
    pooled = gate(linear(state[:, 0], "bert.pooler.dense"), math.tanh)
    return linear(pooled, "classifier")
