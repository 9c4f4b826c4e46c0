"""What was measured, kept per text: methods, texts and scores that are added later recompute nothing.

A row is known by its subject (an explainer, or a model), the kind of measurement, and the item (a text). A
subject's name holds everything that its measurements depend on (see `bcos_core.model.identity`), so that a row never
goes stale: what changes gets another name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, String, Table, delete, func, select

from bcos_core.storage.database import Database, upsert
from bcos_core.storage.plain import to_finite
from bcos_core.storage.types import METADATA

EVIDENCE = Table(
    "evidence",
    METADATA,
    Column("subject", String(64), primary_key=True),
    Column("kind", String(64), primary_key=True),
    Column("item", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)

_ITEMS_PER_QUERY = 500  # databases limit the parameters of a statement


@dataclass(frozen=True)
class EvidenceStore:
    """The rows of one database."""

    database: Database

    def find(self, subject: str, kind: str, items: Iterable[str]) -> dict[str, Any]:
        """The values that are known already, by item."""
        found: dict[str, Any] = {}
        with self.database.read() as connection:
            for some in _portions(items):
                rows = connection.execute(
                    select(EVIDENCE.c.item, EVIDENCE.c.value).where(
                        EVIDENCE.c.subject == subject, EVIDENCE.c.kind == kind, EVIDENCE.c.item.in_(some)
                    )
                )
                found.update((row.item, row.value) for row in rows)
        return found

    def known(self, subject: str, kind: str, items: Iterable[str]) -> set[str]:
        """Those of the items whose values are known already."""
        known: set[str] = set()
        with self.database.read() as connection:
            for some in _portions(items):
                query = select(EVIDENCE.c.item).where(
                    EVIDENCE.c.subject == subject, EVIDENCE.c.kind == kind, EVIDENCE.c.item.in_(some)
                )
                known.update(connection.execute(query).scalars())
        return known

    def all(self, subject: str, kind: str) -> dict[str, Any]:
        """Every value of a kind that is known under a subject, by item."""
        query = select(EVIDENCE.c.item, EVIDENCE.c.value).where(EVIDENCE.c.subject == subject, EVIDENCE.c.kind == kind)
        with self.database.read() as connection:
            return {row.item: row.value for row in connection.execute(query)}

    def count(self, subjects: Iterable[str]) -> int:
        """How many values are kept under these subjects."""
        total = 0
        with self.database.read() as connection:
            for some in _portions(subjects):
                query = select(func.count()).select_from(EVIDENCE).where(EVIDENCE.c.subject.in_(some))
                total += int(connection.execute(query).scalar_one())
        return total

    def forget(self, subjects: Iterable[str]) -> None:
        """Remove all that is kept under these subjects."""
        with self.database.write() as connection:
            for some in _portions(subjects):
                connection.execute(delete(EVIDENCE).where(EVIDENCE.c.subject.in_(some)))

    def keep(self, subject: str, kind: str, values: Mapping[str, Any]) -> None:
        """Store values by item, in one transaction.

        Raises:
            NotFiniteError: a number among them is not finite; nothing is stored then.
        """
        what = f"What was measured ({kind})"
        plain = to_finite(dict(values), what)
        rows = [{"subject": subject, "kind": kind, "item": item, "value": value} for item, value in plain.items()]
        with self.database.write() as connection:
            upsert(connection, EVIDENCE, rows, key=("subject", "kind", "item"))


def _portions(names: Iterable[str]) -> Iterator[list[str]]:
    wanted = list(names)
    for start in range(0, len(wanted), _ITEMS_PER_QUERY):
        yield wanted[start : start + _ITEMS_PER_QUERY]
