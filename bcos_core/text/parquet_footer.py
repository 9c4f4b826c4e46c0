"""How large the columns of a Parquet file are, by the description at its end.

pyarrow tells the same, but where the description contradicts itself its reader of columns throws an exception of C++
that nobody catches, and the process has ended. What is needed is read here instead: a few numbers of Thrift's compact
encoding (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md), by their places in
`parquet.thrift`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

_END = 8  # bytes: the length of the description, and a mark
_DEEPEST = 32
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT, _UUID = 1, 2, 3, 7, 8, 9, 10, 11, 12, 13
_WHOLE = (4, 5, 6)  # of 16, 32 and 64 bits, all written alike

# Fields by their numbers, down to those that are read. Of FileMetaData the row groups, of each its columns, of each
# what is said of it: its number of values, and its bytes once unpacked.
_VALUES, _UNPACKED = 5, 6
_WANTED: dict[int, Any] = {4: {1: {3: {_VALUES: None, _UNPACKED: None}}}}


@dataclass(frozen=True)
class ChunkSize:
    """A column in a row group: how many values it has, those in lists counted one by one, and its bytes unpacked."""

    values: int
    unpacked: int


def chunk_sizes(path: Path) -> list[list[ChunkSize]]:
    """Of each row group its columns, in the order of the file.

    Raises:
        ValueError: no such description.
        OSError: the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _END))
        length = int.from_bytes(file.read(_END)[:4], "little")
        file.seek(max(0, size - _END - length))
        content = file.read(length)
    try:
        found = _Reader(content).struct(_WANTED)
        return [[_chunk(chunk[3]) for chunk in group[1]] for group in found.get(4, [])]
    except (IndexError, KeyError, TypeError, AttributeError) as error:  # cut, or another kind of value at a place
        raise ValueError("its description of columns is damaged") from error


def _chunk(said: dict[int, Any]) -> ChunkSize:
    chunk = ChunkSize(said[_VALUES], said[_UNPACKED])
    if chunk.values < 0 or chunk.unpacked < 0:
        raise ValueError("a column has fewer values or bytes than none")
    return chunk


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def struct(self, wanted: dict[int, Any] | None, depth: int = 0) -> dict[int, Any]:
        """The wanted fields of a struct; all others are passed over."""
        if depth > _DEEPEST:
            raise ValueError("its description of columns is nested too deep")
        found: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._whole()
            value = self._value(head & 15, (wanted or {}).get(field), depth)
            if wanted is not None and field in wanted:
                found[field] = value
        return found

    def _value(self, kind: int, wanted: dict[int, Any] | None, depth: int, *, in_list: bool = False) -> Any:
        if kind in (_TRUE, _FALSE):
            return self._byte() == _TRUE if in_list else kind == _TRUE
        if kind in _WHOLE:
            return self._whole()
        if kind in (_BYTE, _DOUBLE, _UUID):
            return self._skip({_BYTE: 1, _DOUBLE: 8, _UUID: 16}[kind])
        if kind == _BINARY:
            return self._skip(self._varint())
        if kind in (_LIST, _SET):
            head = self._byte()
            count = self._varint() if head >> 4 == 15 else head >> 4
            return [self._value(head & 15, wanted, depth + 1, in_list=True) for _ in range(self._within(count))]
        if kind == _MAP:
            count = self._within(self._varint())
            kinds = self._byte() if count else 0
            for _ in range(count):
                self._value(kinds >> 4, None, depth + 1, in_list=True)
                self._value(kinds & 15, None, depth + 1, in_list=True)
            return None
        if kind == _STRUCT:
            return self.struct(wanted, depth + 1)
        raise ValueError(f"its description of columns has a value of the unknown kind {kind}")

    def _byte(self) -> int:
        self._at += 1
        return self._content[self._at - 1]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise ValueError("its description of columns has a number of too many bytes")

    def _whole(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _skip(self, length: int) -> None:
        self._at += self._within(length)

    def _within(self, count: int) -> int:
        """A number of things that are still to come, each of a byte at least."""
        if count > len(self._content) - self._at:
            raise IndexError(count)
        return count
