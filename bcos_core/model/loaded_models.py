"""Loaded models that are shared: each is loaded once, whoever asks; the one that was used longest ago goes first.

What may stay is said in bytes (`model_budget`), not in models. One that somebody holds never goes: it would be loaded
a second time beside the first.
"""

from __future__ import annotations

import copy
import threading
import weakref
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psutil
import torch
from torch import nn

from bcos_core.device import CUDA, asked_model_memory, chosen_device
from bcos_core.model.text_model import TextModel

USUAL_SHARE = 0.25
"""Of the memory of the device: beside the models, what is computed with them, and jobs, need theirs."""

Loaded = TypeVar("Loaded", bound=TextModel)


@dataclass
class _Entry:
    model: TextModel
    bytes: int
    given: int = 0
    returned: deque[None] = field(default_factory=deque)  # appended to by whatever thread collects garbage

    @property
    def in_use(self) -> bool:
        return self.given > len(self.returned)


@dataclass(frozen=True)
class Stats:
    """What an operator wants to know: how many models there are, how many of them somebody holds, their bytes, the
    budget; and since the start, how often one was loaded, was there already, and had to go."""

    models: int
    in_use: int
    bytes: int
    budget: int
    loads: int
    hits: int
    evictions: int


class LoadedModels:
    """Safe to use from several threads. `budget` gives the bytes that may stay, and is asked whenever one is loaded."""

    def __init__(self, budget: Callable[[], int] | None = None) -> None:
        self._budget = budget or model_budget
        self._entries: dict[Hashable, _Entry] = {}  # the one used last stands last
        self._loading: dict[Hashable, Future[None]] = {}
        self._changed = threading.RLock()
        self._loads = self._hits = self._evictions = 0

    def get(self, key: Hashable, load: Callable[[], Loaded]) -> Loaded:
        """The model of a key, loaded where nobody has; who asks meanwhile waits for it. It is in use for as long as
        somebody holds what is given here, a copy that shares all that is large.

        Raises:
            BcosError: `load` did. Nothing is kept of that, and whoever waited tries for themselves.
        """
        while True:
            with self._changed:
                if (entry := self._entries.pop(key, None)) is not None:
                    self._entries[key] = entry
                    self._hits += 1
                    return self._lent(entry)
                waiting = self._loading.get(key)
                if waiting is None:
                    mine = self._loading[key] = Future[None]()
                    break
            waiting.result()
        try:
            model = load()
            with self._changed:
                entry = self._entries[key] = _Entry(model, bytes_of(model.model))
                self._loads += 1
                lent: Any = self._lent(entry)
                self._make_room()
            return lent
        finally:
            with self._changed:
                del self._loading[key]
            mine.set_result(None)

    def clear(self) -> None:
        """Let go of all that nobody holds."""
        with self._changed:
            self._make_room(0)

    def stats(self) -> Stats:
        with self._changed:
            entries = list(self._entries.values())
            held = sum(entry.in_use for entry in entries)
            counted = (self._loads, self._hits, self._evictions)
            return Stats(len(entries), held, sum(entry.bytes for entry in entries), self._budget(), *counted)

    def _lent(self, entry: _Entry) -> Any:
        lent = copy.copy(entry.model)
        entry.given += 1
        weakref.finalize(lent, entry.returned.append, None)
        return lent

    def _make_room(self, budget: int | None = None) -> None:
        budget = self._budget() if budget is None else budget
        over = sum(entry.bytes for entry in self._entries.values()) - budget
        for key, entry in list(self._entries.items()):
            if over <= 0:
                break
            if not entry.in_use:
                del self._entries[key]
                over -= entry.bytes
                self._evictions += 1


def bytes_of(model: nn.Module) -> int:
    """Of a model's weights and buffers, those that are shared once."""
    tensors = [*model.parameters(), *model.buffers()]
    return sum({one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() for one in tensors}.values())


def model_budget() -> int:
    """Bytes that loaded models may keep: what `BCOS_MODEL_MEMORY` says ("4 GB", or "30%" of the device's memory), else
    a quarter of that.

    Raises:
        InputError: it says neither.
    """
    amount, share = asked_model_memory()
    return amount if amount is not None else int((USUAL_SHARE if share is None else share) * _memory())


def _memory() -> int:
    """All that the device has."""
    device = chosen_device()
    if device.type == CUDA:
        return int(torch.cuda.mem_get_info(device)[1])
    return int(psutil.virtual_memory().total)
