"""A converted network written out in NumPy, layer by layer, that carries its matrix W(x) along.

Every hidden vector h_t comes with a matrix M_t such that h_t = M_t · vec(E): linear parts multiply it,
dynamic parts scale it by the factor that they have at this input. Nothing here calls the code under test.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Where the parts of a block are, by family: query, key, value, attention output, norm, in, out, norm.
BLOCKS = {
    "bert": (
        "bert.encoder.layer.{}.",
        ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"),
        ("attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm"),
    ),
    "roberta": (
        "roberta.encoder.layer.{}.",
        ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"),
        ("attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm"),
    ),
    "distilbert": (
        "distilbert.transformer.layer.{}.",
        ("attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"),
        ("sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm"),
    ),
}
# The two B-cos layers of the head, and whether a ReLU stands between them.
HEADS = {
    "bert": ("bert.pooler.dense", "classifier", False),
    "roberta": ("classifier.dense", "classifier.out_proj", False),
    "distilbert": ("pre_classifier", "classifier", True),
}


class Hidden:
    """Vectors (tokens, width) and their matrices (tokens, width, tokens · hidden)."""

    def __init__(self, values: Array, matrices: Array) -> None:
        self.values, self.matrices = values, matrices

    def __add__(self, other: Hidden) -> Hidden:
        return Hidden(self.values + other.values, self.matrices + other.matrices)


def naive_logits(
    weights: dict[str, Array], embeddings: Array, *, family: str, b: float, heads: int, layers: int, eps: float
) -> tuple[Array, Array]:
    """Logits (classes,) and the matrix W(x) (classes, tokens, hidden) of one text with E (tokens, hidden)."""
    tokens, width = embeddings.shape
    state = Hidden(embeddings, np.eye(tokens * width).reshape(tokens, width, tokens * width))
    prefix, attention, rest = BLOCKS[family]
    for layer in range(layers):
        q, k, v, o = (weights[prefix.format(layer) + name + ".weight"] for name in attention)
        norm1, up, down, norm2 = (weights[prefix.format(layer) + name + ".weight"] for name in rest)
        attended = _norm(_bcos(_attend(state, q, k, v, heads), o, b) + state, norm1, eps)
        fed = _bcos(_gelu(_bcos(attended, up, b)), down, b)
        state = _norm(fed + attended, norm2, eps)
    first, second, relu = HEADS[family]
    pooled = _bcos(Hidden(state.values[:1], state.matrices[:1]), weights[first + ".weight"], b)
    if relu:
        on = (pooled.values > 0).astype(float)
        pooled = Hidden(pooled.values * on, pooled.matrices * on[..., None])
    logits = _bcos(pooled, weights[second + ".weight"], b)
    return logits.values[0], logits.matrices[0].reshape(-1, tokens, width)


def _linear(state: Hidden, weight: Array) -> Hidden:
    return Hidden(state.values @ weight.T, np.einsum("oi,tik->tok", weight, state.matrices))


def _bcos(state: Hidden, weight: Array, b: float) -> Hidden:
    plain = _linear(state, weight)
    lengths = np.linalg.norm(state.values, axis=1)[:, None] * np.linalg.norm(weight, axis=1)[None, :]
    factor = np.abs(plain.values / lengths) ** (b - 1)
    return Hidden(plain.values * factor, plain.matrices * factor[..., None])


def _norm(state: Hidden, weight: Array, eps: float) -> Hidden:
    centred = state.values - state.values.mean(1, keepdims=True)
    factor = weight / np.sqrt((centred**2).mean(1, keepdims=True) + eps)
    matrices = state.matrices - state.matrices.mean(1, keepdims=True)
    return Hidden(centred * factor, matrices * factor[..., None])


def _gelu(state: Hidden) -> Hidden:
    gate = 0.5 * (1 + np.vectorize(math.erf)(state.values / math.sqrt(2)))
    return Hidden(state.values * gate, state.matrices * gate[..., None])


def _attend(state: Hidden, q: Array, k: Array, v: Array, heads: int) -> Hidden:
    queries, keys = state.values @ q.T, state.values @ k.T
    values = _linear(state, v)
    size = len(q) // heads
    out = Hidden(np.zeros_like(values.values), np.zeros_like(values.matrices))
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        scores = queries[:, part] @ keys[:, part].T / math.sqrt(size)
        probabilities = np.exp(scores - scores.max(1, keepdims=True))
        probabilities /= probabilities.sum(1, keepdims=True)
        out.values[:, part] = probabilities @ values.values[:, part]
        out.matrices[:, part] = np.einsum("ts,sik->tik", probabilities, values.matrices[:, part])
    return out
