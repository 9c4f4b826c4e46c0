"""Tensors by key, in memory up to a limit and in a temporary file beyond it."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Hashable
from dataclasses import dataclass
from types import TracebackType

import torch
from torch import Tensor

from bcos_core.errors import StorageError


@dataclass(frozen=True)
class _Place:
    """Where in the file a tensor's bytes stand, and what makes them a tensor again."""

    offset: int
    shape: torch.Size
    dtype: torch.dtype
    device: torch.device


class TensorStore:
    """A dictionary of tensors whose memory stays under `memory_limit` bytes however many there are.

    A tensor that would exceed the limit is written to a file; it comes back on the device that it left. The file
    has no name, so that nothing stays of it however the process ends: it may be larger than the model by far.
    Use as a context manager.

    Raises:
        StorageError: the disk of temporary files is full.
    """

    def __init__(self, memory_limit: int) -> None:
        self.memory_limit = memory_limit
        self.bytes_in_memory = 0
        self._tensors: dict[Hashable, Tensor] = {}
        self._places: dict[Hashable, _Place] = {}
        self._file: io.FileIO | None = None
        self._end = 0

    def __enter__(self) -> TensorStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tensors.clear()
        self._places.clear()
        if self._file is not None:
            self._file.close()

    def __setitem__(self, key: Hashable, tensor: Tensor) -> None:
        previous = self._tensors.pop(key, None)
        if previous is not None:
            self.bytes_in_memory -= previous.nbytes
        if key not in self._places and self.bytes_in_memory + tensor.nbytes <= self.memory_limit:
            self._tensors[key] = tensor
            self.bytes_in_memory += tensor.nbytes
            return
        place = self._places.get(key)
        if place is None or (place.shape, place.dtype) != (tensor.shape, tensor.dtype):
            place = _Place(self._end, tensor.shape, tensor.dtype, tensor.device)
        self._write(place, tensor)
        self._places[key] = place
        self._end = max(self._end, place.offset + tensor.nbytes)

    def __getitem__(self, key: Hashable) -> Tensor:
        if key in self._tensors:
            return self._tensors[key]
        place = self._places[key]
        assert self._file is not None  # where there is a place there is a file
        tensor = torch.empty(place.shape, dtype=place.dtype)
        self._file.seek(place.offset)
        missing = _bytes_of(tensor)
        while missing:
            if not (read := self._file.readinto(missing)):
                raise StorageError(f"The file of hidden states ends {len(missing):,} bytes too early. Start again.")
            missing = missing[read:]
        return tensor.to(place.device)

    def _write(self, place: _Place, tensor: Tensor) -> None:
        try:
            if self._file is None:
                # Without a buffer: what did not fit would be written once more when it is closed.
                self._file = tempfile.TemporaryFile(prefix="bcos-hidden-states-", buffering=0)  # noqa: SIM115 `__exit__`
            self._file.seek(place.offset)
            missing = _bytes_of(tensor.detach().cpu().contiguous())
            while missing:
                missing = missing[self._file.write(missing) :]
        except OSError as error:
            raise StorageError(
                f"Cannot write {tensor.nbytes:,} bytes of hidden states to {tempfile.gettempdir()} ({error.strerror}). "
                "Free some space, point TMPDIR to a larger disk, or calibrate on fewer texts."
            ) from error


def _bytes_of(tensor: Tensor) -> memoryview:
    """The memory of a contiguous tensor on the processor, of any dtype."""
    return tensor.reshape(-1).view(torch.uint8).numpy().data
