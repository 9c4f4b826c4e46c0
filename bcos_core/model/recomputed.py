"""Blocks that a backward pass computes again: of their part of the graph only their input is kept.

Gradient checkpointing at block boundaries (Chen et al., arXiv 1604.06174) for an explanation: the forward pass keeps
(tokens × hidden) of such a block, and the backward pass computes the block once more when it comes there, one block at
a time. What is computed again is the same numbers by the same kernels, so the gradient is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from bcos_core.model.anatomy import hidden_of, with_hidden
from bcos_core.model.memory import ModelShapes

RATIO = 1.3
"""Of a forward pass's memory, that an explanation takes at most where computing blocks again can reach it."""
SMALL = {"cpu": 2**27}
SMALL_ELSEWHERE = 2**32
"""Bytes beyond a forward pass that are left alone: computing again takes time, and they are there."""


def blocks_again(shapes: ModelShapes, tokens: int, size: int, device: torch.device, *, texts: int = 1) -> int:
    """The fewest blocks to compute again for an explanation of `texts` of (tokens ÷ texts) each, in numbers of `size`
    bytes, to stay within `RATIO`, or all of them."""
    forward = shapes.forward(tokens, size, texts=texts)
    most = max(RATIO * forward, forward + SMALL.get(device.type, SMALL_ELSEWHERE))
    counts = range(shapes.blocks + 1)
    return next((n for n in counts if shapes.explanation(tokens, size, texts=texts, again=n) <= most), shapes.blocks)


class Recomputed:
    """How many of the next runs of blocks are computed again in the backward pass; those behind them keep their graph.

    The first blocks of a network are the last that a backward pass comes to: by then the graph of the others is gone.
    `around` is what held while they ran, and holds again.
    """

    def __init__(self, around: Callable[[], AbstractContextManager[None]]) -> None:
        self.runs, self.around = 0, around

    def next_is(self) -> bool:
        """Whether the run that begins now is one; it is counted."""
        if self.runs == 0:
            return False
        self.runs -= 1
        return True


class _Block:
    """The forward pass of a block of a view. Hooks on the block itself are run once, those on its parts again."""

    recomputed: Recomputed

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        whole: Any = super().forward  # type: ignore[misc]
        if not (torch.is_grad_enabled() and self.recomputed.next_is()):
            return whole(*args, **kwargs)

        def run(hidden: Tensor) -> Any:
            given, named = with_hidden(args, kwargs, hidden)
            return whole(*given, **named)

        return checkpoint(
            run,
            hidden_of(args, kwargs),
            use_reentrant=False,
            preserve_rng_state=False,  # nothing is drawn at random in a view, which is in evaluation mode
            context_fn=lambda: (nullcontext(), self.recomputed.around()),
        )


def recompute(blocks: nn.ModuleList, recomputed: Recomputed) -> None:
    """Put the blocks of a view, which are the view's own, under `recomputed`."""
    for block in blocks:
        block.recomputed = recomputed  # type: ignore[assignment]
        block.__class__ = _recomputing(type(block))  # type: ignore[arg-type]  # a class can be hashed


@cache
def _recomputing(kind: Any) -> type[nn.Module]:
    return type(kind.__name__, (_Block, kind), {"__module__": kind.__module__, "__doc__": kind.__doc__})
