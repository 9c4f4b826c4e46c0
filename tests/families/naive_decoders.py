"""Two converted decoders written out in NumPy, layer by layer, that carry their matrix W(x) along: Llama's block
(pre-norm, RMSNorm, gated, rotary, shared keys and values) and GPT-2's (pre-norm, LayerNorm, fused linears stored
transposed). As `naive_network` of tests/model; nothing here calls the code under test.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Weights = dict[str, Array]


class Hidden:
    """Vectors (tokens, width) and their matrices (tokens, width, tokens · hidden)."""

    def __init__(self, values: Array, matrices: Array) -> None:
        self.values, self.matrices = values, matrices

    def __add__(self, other: Hidden) -> Hidden:
        return Hidden(self.values + other.values, self.matrices + other.matrices)

    def times(self, factor: Array) -> Hidden:
        return Hidden(self.values * factor, self.matrices * np.broadcast_to(factor, self.values.shape)[..., None])


def start(embeddings: Array) -> Hidden:
    tokens, width = embeddings.shape
    return Hidden(embeddings, np.eye(tokens * width).reshape(tokens, width, tokens * width))


def llama(
    w: Weights, embeddings: Array, *, b: float, heads: int, groups: int, layers: int, eps: float
) -> tuple[Array, Array]:
    """Logits (classes,), or (vocabulary,), and W(x) (classes, tokens, hidden), of E (tokens, hidden)."""
    state = start(embeddings)
    for layer in range(layers):
        at = f"model.layers.{layer}."
        normed = rms_norm(state, w[at + "input_layernorm.weight"], eps)
        q, k = (normed.values @ w[at + f"self_attn.{name}_proj.weight"].T for name in ("q", "k"))
        v = linear(normed, w[at + "self_attn.v_proj.weight"])
        state = (
            bcos(attend(rotated(q, heads), rotated(k, groups), v, heads, groups), w[at + "self_attn.o_proj.weight"], b)
            + state
        )
        normed = rms_norm(state, w[at + "post_attention_layernorm.weight"], eps)
        gate = bcos(normed, w[at + "mlp.gate_proj.weight"], b).values
        up = bcos(normed, w[at + "mlp.up_proj.weight"], b)
        fed = up.times(gate / (1 + np.exp(-gate)))  # SiLU of the gate is the factor, all of it
        state = bcos(fed, w[at + "mlp.down_proj.weight"], b) + state
    return pooled(rms_norm(state, w["model.norm.weight"], eps), w, b)


def gpt2(w: Weights, embeddings: Array, *, b: float, heads: int, layers: int, eps: float) -> tuple[Array, Array]:
    """The same of a GPT-2."""
    state = start(embeddings)
    width = embeddings.shape[1]
    for layer in range(layers):
        at = f"transformer.h.{layer}."
        normed = layer_norm(state, w[at + "ln_1.weight"], eps)
        fused = w[at + "attn.c_attn.weight"]  # (in, 3 · out)
        q, k, v = (fused[:, place * width : (place + 1) * width].T for place in range(3))
        looked = attend(normed.values @ q.T, normed.values @ k.T, linear(normed, v), heads, heads)
        state = bcos(looked, w[at + "attn.c_proj.weight"].T, b) + state
        normed = layer_norm(state, w[at + "ln_2.weight"], eps)
        inner = bcos(normed, w[at + "mlp.c_fc.weight"].T, b)
        x = inner.values
        gate = 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        state = bcos(inner.times(gate), w[at + "mlp.c_proj.weight"].T, b) + state
    return pooled(layer_norm(state, w["transformer.ln_f.weight"], eps), w, b)


def pooled(state: Hidden, w: Weights, b: float) -> tuple[Array, Array]:
    """A classifier's head is a B-cos transform; a language model's, the word embeddings where it has none of its own,
    stays linear."""
    last, tokens = Hidden(state.values[-1:], state.matrices[-1:]), len(state.values)
    if "score.weight" in w:
        weight = w["score.weight"]
        logits = bcos(last, weight, b)
    else:
        weight = w["lm_head.weight"] if "lm_head.weight" in w else w["transformer.wte.weight"]
        logits = linear(last, weight)
    return logits.values[0], logits.matrices[0].reshape(len(weight), tokens, -1)


def linear(state: Hidden, weight: Array) -> Hidden:
    return Hidden(state.values @ weight.T, np.einsum("oi,tik->tok", weight, state.matrices))


def bcos(state: Hidden, weight: Array, b: float) -> Hidden:
    plain = linear(state, weight)
    lengths = np.linalg.norm(state.values, axis=1)[:, None] * np.linalg.norm(weight, axis=1)[None, :]
    return plain.times(np.abs(plain.values / lengths) ** (b - 1))


def rms_norm(state: Hidden, weight: Array, eps: float) -> Hidden:
    return state.times(weight / np.sqrt((state.values**2).mean(1, keepdims=True) + eps))


def layer_norm(state: Hidden, weight: Array, eps: float) -> Hidden:
    centred = Hidden(
        state.values - state.values.mean(1, keepdims=True), state.matrices - state.matrices.mean(1, keepdims=True)
    )
    return rms_norm(centred, weight, eps)


def rotated(rows: Array, heads: int) -> Array:
    """Rotary positions (arXiv 2104.09864) with the base 10,000: the halves of a head are the pairs' two parts."""
    tokens, width = rows.shape
    size = width // heads
    half = size // 2
    angles = np.arange(tokens)[:, None] / 10_000 ** (np.arange(half)[None, :] * 2 / size)
    out = np.empty_like(rows)
    for head in range(heads):
        one = rows[:, head * size : head * size + half]
        other = rows[:, head * size + half : (head + 1) * size]
        out[:, head * size : head * size + half] = one * np.cos(angles) - other * np.sin(angles)
        out[:, head * size + half : (head + 1) * size] = other * np.cos(angles) + one * np.sin(angles)
    return out


def attend(q: Array, k: Array, v: Hidden, heads: int, groups: int) -> Hidden:
    """Causal attention of `heads` queries over `groups` heads of keys and values."""
    tokens, size = len(q), q.shape[1] // heads
    out = Hidden(np.zeros((tokens, q.shape[1])), np.zeros((tokens, q.shape[1], v.matrices.shape[2])))
    for head in range(heads):
        group = head // (heads // groups)
        here, there = slice(head * size, (head + 1) * size), slice(group * size, (group + 1) * size)
        for t in range(tokens):
            scores = q[t, here] @ k[: t + 1, there].T / math.sqrt(size)
            probabilities = np.exp(scores - scores.max())
            probabilities /= probabilities.sum()
            out.values[t, here] = probabilities @ v.values[: t + 1, there]
            out.matrices[t, here] = np.einsum("s,sik->ik", probabilities, v.matrices[: t + 1, there])
    return out
