"""Collections: texts that a person has put aside, by name; to come back to, and to build studies from."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column, String, Table, Text, delete, func, select

from bcos_core.access.table import Action
from bcos_core.errors import InputError
from bcos_core.storage.audit import deed
from bcos_core.storage.content import name_of
from bcos_core.storage.database import Database, upsert
from bcos_core.storage.types import METADATA, UtcDateTime, utc_now

LONGEST_NAME = 80

COLLECTION_TEXTS = Table(
    "collection_texts",
    METADATA,
    Column("collection", String(LONGEST_NAME), primary_key=True),
    Column("item", String(64), primary_key=True),  # the text's name: a text is in a collection once
    Column("owner", String(32), nullable=False, server_default=""),  # an account's id: who pinned it first
    Column("text", Text, nullable=False),
    Column("label", Text, nullable=True),
    Column("screen", Text, nullable=True),
    Column("added_at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True)
class PinnedText:
    """A text, its label where it came from labelled data, the address of the screen that it was on (its query), where
    it is known, and the id of the account that pinned it first, "" where none did."""

    item: str
    text: str
    label: str | None
    screen: str | None = None
    owner: str = ""


@dataclass(frozen=True)
class Collections:
    """The collections of one database."""

    database: Database

    def names(self) -> dict[str, int]:
        """Every collection with the number of its texts, the one that was added to last first."""
        newest = func.max(COLLECTION_TEXTS.c.added_at)
        query = select(COLLECTION_TEXTS.c.collection, func.count()).group_by(COLLECTION_TEXTS.c.collection)
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(newest.desc())).all()
        return {str(name): int(size) for name, size in rows}

    def texts(self, collection: str) -> list[PinnedText]:
        """The texts of a collection in the order in which they were added; nothing for an unknown one."""
        table = COLLECTION_TEXTS.c
        columns = (table.item, table.text, table.label, table.screen, table.owner)
        query = select(*columns).where(table.collection == collection)
        with self.database.read() as connection:
            return [PinnedText(*row) for row in connection.execute(query.order_by(table.added_at, table.item))]

    def pin(self, collection: str, text: str, label: str | None = None, *, screen: str | None = None) -> PinnedText:
        """Add a text; one that is there already gets the new label and screen, and stands last.

        Raises:
            InputError: an empty text, or no name, or one that is too long.
        """
        name = collection.strip()
        if not name or len(name) > LONGEST_NAME:
            raise InputError(f"A collection needs a name of 1 to {LONGEST_NAME} characters; {len(name)} were given.")
        if not text.strip():
            raise InputError("There is no text to pin. Type one first.")
        row = {
            "collection": name,
            "item": name_of(text),
            "text": text,
            "label": label,
            "screen": screen,
            "added_at": utc_now(),
        }
        with deed(self.database, Action.PIN_TEXT, name) as connection:
            table = COLLECTION_TEXTS.c
            there = select(table.owner).where(table.collection == name, table.item == row["item"])
            first = connection.execute(there).scalar()
            owner = self.database.actor.owner if first is None else str(first)
            upsert(connection, COLLECTION_TEXTS, [{**row, "owner": owner}], key=("collection", "item"))
        return PinnedText(name_of(text), text, label, screen, owner)

    def unpin(self, collection: str, item: str) -> None:
        """Take a text out; a collection without texts is gone."""
        table = COLLECTION_TEXTS.c
        here = (table.collection == collection, table.item == item)
        with deed(self.database, Action.UNPIN_TEXT, collection, owner=select(table.owner).where(*here)) as connection:
            connection.execute(delete(COLLECTION_TEXTS).where(*here))
