"""What models have answered, by text: read and kept without loading one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from bcos_core.storage.content import name_of

Logits = tuple[float, ...]

KIND = "logits"


class Memory(Protocol):
    """What remembers values by their subject, the kind of value, and the item: `bcos_core.storage.evidence` does."""

    def find(self, subject: str, kind: str, items: Iterable[str]) -> dict[str, Any]:
        """The values that are known already, by item."""

    def keep(self, subject: str, kind: str, values: Mapping[str, Any]) -> None:
        """Store values by item."""


def keep_logits(subject: str, logits: Mapping[str, Sequence[float]], store: Memory) -> None:
    """Remember the logits of texts."""
    store.keep(subject, KIND, {name_of(text): values for text, values in logits.items()})


def known_logits(subject: str, texts: Sequence[str], store: Memory) -> list[Logits | None]:
    """The logits of each text, None where they are not known."""
    found = store.find(subject, KIND, dict.fromkeys(map(name_of, texts)))
    return [tuple(found[item]) if (item := name_of(text)) in found else None for text in texts]
