"""Tensors by key, in memory up to a limit and in a temporary folder beyond it."""

from __future__ import annotations

import tempfile
from collections.abc import Hashable
from pathlib import Path
from types import TracebackType

import numpy as np
import torch
from torch import Tensor

from bcos_core.errors import StorageError


class TensorStore:
    """A dictionary of tensors whose memory stays under `memory_limit` bytes however many there are.

    A tensor that would exceed the limit is written to a file; it comes back on the device that it left.
    Use as a context manager: the files are gone afterwards.

    Raises:
        StorageError: the temporary folder is full.
    """

    def __init__(self, memory_limit: int) -> None:
        self.memory_limit = memory_limit
        self.bytes_in_memory = 0
        self._tensors: dict[Hashable, Tensor] = {}
        self._files: dict[Hashable, tuple[Path, torch.device]] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> TensorStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tensors.clear()
        self._files.clear()
        if self._folder is not None:
            self._folder.cleanup()

    def __setitem__(self, key: Hashable, tensor: Tensor) -> None:
        previous = self._tensors.pop(key, None)
        if previous is not None:
            self.bytes_in_memory -= previous.nbytes
        if key not in self._files and self.bytes_in_memory + tensor.nbytes <= self.memory_limit:
            self._tensors[key] = tensor
            self.bytes_in_memory += tensor.nbytes
            return
        path = self._files[key][0] if key in self._files else self._new_path()
        try:
            np.save(path, tensor.cpu().numpy())
        except OSError as error:
            raise StorageError(
                f"Cannot write {tensor.nbytes:,} bytes of hidden states to {path.parent} ({error.strerror}). "
                "Free some space, point TMPDIR to a larger disk, or calibrate on fewer texts."
            ) from error
        self._files[key] = (path, tensor.device)

    def __getitem__(self, key: Hashable) -> Tensor:
        if key in self._tensors:
            return self._tensors[key]
        path, device = self._files[key]
        return torch.from_numpy(np.load(path)).to(device)

    def _new_path(self) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="bcos-hidden-states-")
        return Path(self._folder.name) / f"{len(self._files)}.npy"
