"""A registry: names to entries, in the order of registration. The only global state of the library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from bcos_core.errors import UnknownNameError

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Names to entries. An unknown name raises an error that lists the known ones; a duplicate raises."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, Entry] = {}

    def register(self, name: str, entry: Entry) -> Entry:
        if name in self._entries:
            raise ValueError(f"The {self.kind} {name!r} is registered already.")
        self._entries[name] = entry
        return entry

    def __getitem__(self, name: str) -> Entry:
        if name not in self:
            raise UnknownNameError(self.kind, name, self._entries)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def values(self) -> tuple[Entry, ...]:
        return tuple(self._entries.values())
