"""What is really held in memory: bytes of live storages while something runs, and bytes that a graph keeps.

A dispatch mode sees every tensor that an operator of PyTorch gives, forward and backward, and the storage of each says
when it is gone. Unlike the resident memory of the process it is the same on every run and system, and it counts neither
libraries nor what an allocator holds back; it does not see what a kernel needs inside and has given back at its end.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveBytes(TorchDispatchMode):
    """Counts the storages that come to be inside the block: `now`, and `peak`, in bytes."""

    def __init__(self, *, without: nn.Module) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known = {part.untyped_storage()._cdata for part in (*without.parameters(), *without.buffers())}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._see(leaf.untyped_storage())
        return result

    def _see(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._known:
            return
        self._known.add(key)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._gone, key, size)

    def _gone(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.now -= size


def peak_of(work: Callable[[], object], *, without: nn.Module) -> int:
    """Bytes at the peak of what `work` makes, beside the tensors of a model."""
    with LiveBytes(without=without) as live:
        work()
    return live.peak


def kept_by(tensors: Iterable[Tensor]) -> int:
    """Bytes of the storages of some tensors, each counted once."""
    return sum({one.untyped_storage()._cdata: one.untyped_storage().nbytes() for one in tensors}.values())
