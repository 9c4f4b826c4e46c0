"""Backups that somebody else may have made: `restore` puts one in the place of the database, or leaves it as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from bcos_core.cli.tables import TABLES
from bcos_core.errors import BcosError
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.storage.backup import back_up, restore
from bcos_core.storage.collections import Collections
from bcos_core.storage.upgrade import open_database
from tests.hostile import damage
from tests.hostile.surface import Ground, Surface

ENDLESS = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT max(x) AS version_num FROM r"
HUGE = "zeroblob(900000000)"
TEXT = "what was there before"


@dataclass(frozen=True)
class Given:
    """Statements that were run on a whole backup, then damage to its bytes; or a file that is none of SQLite's."""

    statements: tuple[str, ...] = ()
    damages: tuple[damage.Damage, ...] = ()
    content: bytes | None = None
    force: bool = True


def statements(tables: list[str], columns: dict[str, list[str]], outside: str) -> list[str]:
    """What SQLite's files can hold that computes, reaches elsewhere, or is not what this program makes."""
    made = [
        *("PRAGMA user_version = 7", "PRAGMA application_id = 99", "DROP TABLE alembic_version", "VACUUM"),
        *("DELETE FROM alembic_version", "INSERT INTO alembic_version VALUES ('9999')"),
        *(
            f"UPDATE alembic_version SET version_num = '{one}'"
            for one in ("", "0001", "0015", "base", "9999", "../0001")
        ),
        "UPDATE alembic_version SET version_num = x'ff00'",
        f"ALTER TABLE alembic_version RENAME TO a; CREATE VIEW alembic_version AS {ENDLESS}",
        "ALTER TABLE alembic_version RENAME TO a; CREATE VIEW alembic_version AS SELECT version_num FROM a",
        f"CREATE VIEW extra AS SELECT {HUGE}",
        "CREATE VIEW extra AS SELECT load_extension('/tmp/evil.so')",
        "CREATE TRIGGER grow AFTER INSERT ON jobs BEGIN UPDATE users SET role = 'admin'; END",
        f"CREATE TRIGGER endless BEFORE INSERT ON jobs BEGIN INSERT INTO collection_texts {ENDLESS}; END",
        "CREATE VIRTUAL TABLE extra USING fts5(a)",
        "CREATE TABLE extra (a); INSERT INTO extra VALUES (1)",
        "CREATE TABLE extra (a GENERATED ALWAYS AS (hex(randomblob(9))))",
        f"CREATE INDEX extra ON jobs (length({HUGE}))",
        f"CREATE INDEX extra ON jobs (id) WHERE length({HUGE}) > 1",
        "DROP TRIGGER audit_no_delete",
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'CREATE TABLE jobs (id)' WHERE name = 'jobs'",
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = 2",
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'nothing'",
        f"PRAGMA writable_schema = ON; UPDATE sqlite_master SET name = '{outside}/secret.csv' WHERE name = 'jobs'",
    ]
    for table in tables:
        made += [f"DELETE FROM {table}", f"DROP TABLE {table}", f"ALTER TABLE {table} ADD COLUMN extra"]
        made += [f"ALTER TABLE {table} RENAME TO renamed"]
        made += [
            f"UPDATE {table} SET {column} = {value}"
            for column in columns[table]
            for value in ("x'ff00'", "'[[[['", "1e999", f"'{outside}'", "'" + "[" * 5000 + "'", "-1", "''")
        ]
    return made


def make(ground: Ground) -> tuple[st.SearchStrategy[Given], Callable[[Given], object]]:
    full = Home(ground.temporary / "full")
    database = open_database(full)
    Collections(database).pin("Mine", "A text.")
    JobStore.open(full).submit("train", "A job", {}, "key")
    file = back_up(database, ground.temporary / "whole.sqlite3").path
    whole = file.read_bytes()
    Collections(open_database(ground.home)).pin("Mine", TEXT)
    before = back_up(open_database(ground.home), ground.temporary / "before.sqlite3").path
    with closing(sqlite3.connect(file)) as opened:
        tables = [row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {one: [row[1] for row in opened.execute(f'PRAGMA table_info("{one}")')] for one in tables}
    ready = statements([one for one in tables if not one.startswith("sqlite_")], columns, str(ground.outside))
    some = st.lists(st.sampled_from((*ready, *ready[:23] * 12)), min_size=1, max_size=2).map(tuple)
    cases = st.one_of(
        st.builds(Given, statements=some),
        st.builds(Given, statements=some, force=st.booleans()),
        st.builds(Given, damages=damage.damages.map(tuple)),
        st.builds(Given, content=st.one_of(st.binary(max_size=60), st.sampled_from(_NONE))),
    )

    def send(case: Given) -> object:
        with ground.folder() as folder:
            path = folder / "given.sqlite3"
            content = whole if case.content is None else case.content
            path.write_bytes(damage.damaged(content, list(case.damages)))
            if case.statements:
                with closing(sqlite3.connect(path)) as opened:
                    for one in case.statements:
                        with suppress(sqlite3.Error, sqlite3.Warning):  # an earlier one has left nothing to change
                            opened.executescript(one)
            try:
                restore(ground.home, path, TABLES, force=case.force)
            except BcosError:
                _require_as_before(ground.home)
                raise
        try:
            return [_texts(ground.home), [job.title for job in JobStore.open(ground.home).list()]]
        finally:
            restore(ground.home, before, TABLES, force=True)
            _require_as_before(ground.home)

    return cases, send


_NONE: tuple[bytes, ...] = (
    *(b"", b"SQLite format 3\x00", b"SQLite format 3\x00" + b"\xff" * 4096, b"PGDMP" + b"\xff" * 99, b"PK\x03\x04"),
    *(b"CREATE TABLE jobs (id);", b"\x00" * 100_000),
)


def _require_as_before(home: Home) -> None:
    try:
        found = _texts(home)
    except BcosError as error:  # else it would count as a refusal
        raise AssertionError(f"a refused backup has left no database ({error})") from error
    assert found == [TEXT], "a refused backup has changed the database"
    assert not [one.name for one in home.root.glob(".*sqlite3*")], "a refused backup has left a copy"


def _texts(home: Home) -> list[Any]:
    return [one.text for one in Collections(open_database(home)).texts("Mine")]


SURFACE = Surface("backups", "databases that `restore` is given", make)
