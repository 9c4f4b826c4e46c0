"""What a forward pass, and an exact explanation, hold in memory at once: counted from a model's shapes alone.

A forward pass holds the weights and, of one block at a time, its activations. An explanation is a forward pass whose
blocks keep what their gradient needs, and a backward pass; of blocks that are computed again
(`bcos_core.model.recomputed`) only the input is kept, (tokens × hidden). For L blocks, n of them computed again:

    forward      = weights + widest + logits
    explanation  = weights + widest + logits + the larger of
                     inputs of n blocks + kept by L − n       when the forward pass has ended, and
                     inputs of n blocks + kept by one         at a block that is computed again

Of a language model's logits only those of the last token are computed. Texts are counted without padding, which gives
every block a mask. No numbers are needed: a model may be on PyTorch's device `meta`, which allocates nothing
(`bcos_core.model.skeleton.skeleton`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn
from transformers import PreTrainedModel

from bcos_core.families import Family, linears_of
from bcos_core.model.anatomy import blocks_of, family_of
from bcos_core.model.layers import BcosLinear

FLOAT = 4
"""Bytes of what norms and attention keep in float32, whatever the model's numbers are."""
IN_PIECES = ("NewGELUActivation", "FastGELUActivation", "QuickGELUActivation", "AccurateGELUActivation")
"""Activations of transformers that are written out in products and sums, with more numbers at once than one kernel."""


@dataclass(frozen=True)
class ModelShapes:
    """Widths, in numbers of a token, and counts.

    Attributes:
        parameters: all of them, those that are shared once; `outputs` the logits of a text.
        blocks: how many run, one after another; a shared one runs several times.
        hidden: what blocks give to each other; `inner` what the last linear of a block reads.
        heads, queries, keys: heads of queries, and the widths of all queries and of all keys, or values, together.
        values: what the values lie in: of a fused linear all that it gives.
        turned: queries and keys are turned by their position, and lie elsewhere than what the linear gave.
        own_attention: the attention keeps its probabilities, heads × tokens of a token.
        positions: relative positions that such an attention scores every token with.
        windowed: blocks whose attention is given a mask, where a text has `window` tokens or more.
        norms: of a block; `gains` numbers of their weights that are made anew (Gemma's 1 + w).
        activations: how many arrays of the inner width there are at once.
        scales: what B-cos linears keep of their dynamic factors, 0 at B = 1; `rows` the numbers of weights that are
            normalised on every pass, and kept.
    """

    parameters: int
    outputs: int
    blocks: int
    hidden: int
    inner: int
    heads: int
    queries: int
    keys: int
    values: int
    turned: bool
    own_attention: bool
    positions: int
    windowed: int
    window: int
    norms: int
    gains: int
    activations: int
    scales: int
    rows: int

    def weights(self, size: int) -> int:
        """Bytes of all parameters, of `size` bytes each."""
        return size * self.parameters

    def logits(self, size: int, texts: int = 1) -> int:
        """Bytes of what the head gives: of a language model for one token of each text."""
        return size * texts * self.outputs

    def cache(self, tokens: int, size: int) -> int:
        """Bytes of the keys and values of all blocks, which a key–value cache keeps; no explanation has one."""
        return size * tokens * self.blocks * 2 * self.keys

    def inputs(self, tokens: int, size: int, blocks: int) -> int:
        """Bytes of the inputs of some blocks."""
        return size * tokens * blocks * self.hidden

    def kept(self, tokens: int, size: int, *, texts: int = 1) -> float:
        """Bytes that a block keeps for its gradient, the mean over the blocks, of `texts` of (tokens ÷ texts) each."""
        columns = tokens // texts
        # Values, queries, keys, the output, and the logarithm of each head's sum; or else the probabilities.
        attention = float(size * (self.values + self.queries) + FLOAT * self.heads)
        if self.own_attention:
            attention = size * self.heads * columns
        elif self.turned or self._apart:
            attention += size * (self.queries + self.keys)
        if not self.own_attention:
            attention += size * self._masked(columns)
        each = attention + size * (self.inner + self.scales) + FLOAT * self.norms
        return tokens * each + size * (self.gains + self.rows)

    def widest(self, tokens: int, size: int, *, texts: int = 1) -> float:
        """Bytes that a block holds at once, about, of what no gradient needs."""
        columns = tokens // texts
        feed_forward = 4 * self.hidden + self.activations * self.inner
        linears = self.values + (self.queries + self.keys if self._apart else 0)
        attention = 3.0 * self.hidden + linears + (4 if self.turned else 1) * self.queries
        if self.own_attention:
            arrays = 5 * self.heads + 8 if self.positions else 3 * self.heads
            attention += arrays * columns + self.positions * self.heads
        return size * tokens * max(feed_forward, attention)

    def forward(self, tokens: int, size: int, *, texts: int = 1) -> float:
        """Bytes at the peak of a forward pass."""
        return self.weights(size) + self.logits(size, texts) + self.widest(tokens, size, texts=texts)

    def explanation(self, tokens: int, size: int, *, texts: int = 1, again: int = 0) -> float:
        """Bytes at the peak of an explanation in which the first `again` blocks are computed again."""
        graphs = max(self.blocks - again, min(1, again))
        inputs = self.inputs(tokens, size, max(1, again))  # E is kept, whatever the blocks do
        return self.forward(tokens, size, texts=texts) + inputs + graphs * self.kept(tokens, size, texts=texts)

    @property
    def _apart(self) -> bool:
        """Queries, keys and values come from linears of their own."""
        return self.values == self.keys

    def _masked(self, columns: int) -> float:
        """What a mask adds of a token: a row of its own, and keys and values once for every head of queries."""
        if not self.windowed or columns < self.window:
            return 0.0
        written_out = 2 * self.queries - self.keys - self.values if self.queries > self.keys else 0
        return (columns + written_out) * self.windowed / self.blocks


def shapes_of(model: PreTrainedModel) -> ModelShapes:
    """Of a classifier or language model, conventional or B-cos, on any device."""
    family, config = family_of(model), model.config
    block = blocks_of(model, family)[0]
    hidden, heads, blocks = int(config.hidden_size), int(config.num_attention_heads), int(config.num_hidden_layers)
    head = int(getattr(config, "head_dim", None) or hidden // heads)

    def width(path: str) -> int:
        """Of what a linear of the block gives, or reads: the side that is not `hidden`."""
        weight: Any = block.get_submodule(path).weight
        return int(weight.numel()) // hidden

    factors = [part for part in _factors(block, family) if part.b != 1.0 or part.normalize]
    parameters = {one.untyped_storage()._cdata: one.numel() for one in model.parameters()}  # a view's are copies
    windowed, window = _windows(config, blocks)
    head_weight: Any = model.get_submodule(family.output).weight
    return ModelShapes(
        parameters=sum(parameters.values()),
        outputs=int(head_weight.shape[0]),
        blocks=blocks,
        hidden=hidden,
        inner=width(family.steps[-1].linears[-1]),
        heads=heads,
        queries=heads * head,
        keys=head * int(getattr(config, "num_key_value_heads", None) or heads),
        values=width(next(step for step in family.steps if step.kind == "plain").linears[-1]),
        turned=any("rotary" in name for name, _ in model.named_modules()),
        own_attention=family.own_attention,
        positions=_relative_positions(config),
        windowed=windowed,
        window=window,
        norms=len(family.norms),
        gains=hidden * len(family.norms) if family.offset else 0,
        activations=_activations(block, family),
        scales=sum(part.rows.shape[0] for part in factors if part.b != 1.0),
        rows=sum(part.weight.numel() for part in factors if part.normalize),
    )


def _factors(block: nn.Module, family: Family) -> list[BcosLinear]:
    """The B-cos linears of a block whose dynamic factor is kept: that of a gate, which is all constant, is not."""
    paths = list(linears_of(family.steps))
    if family.gated and len(family.steps[-2].linears) > 1:
        paths.remove(family.steps[-2].linears[0])
    parts = [block.get_submodule(path) for path in paths]
    return [part for part in parts if isinstance(part, BcosLinear)]


def _activations(block: nn.Module, family: Family) -> int:
    """act(a), b and their product, where a and b are one array all of it; or x and act(x), or the pieces of that."""
    if family.gated:
        return 3 if len(family.steps[-2].linears) > 1 else 4
    return 4 if any(type(part).__name__ in IN_PIECES for part in block.modules()) else 2


def _windows(config: Any, blocks: int) -> tuple[int, int]:
    """How many blocks look back only so far, and how far."""
    window = int(getattr(config, "sliding_window", None) or getattr(config, "local_attention", None) or 0)
    kinds = getattr(config, "layer_types", None)
    if not window:
        return 0, 0
    return (blocks if kinds is None else sum(kind == "sliding_attention" for kind in kinds)), window


def _relative_positions(config: Any) -> int:
    """DeBERTa scores every token with all of them, from either side."""
    if not getattr(config, "relative_attention", False):
        return 0
    asked = (getattr(config, "position_buckets", 0), getattr(config, "max_relative_positions", 0))
    span = next((one for one in asked if one > 0), int(config.max_position_embeddings))
    return 4 * span
