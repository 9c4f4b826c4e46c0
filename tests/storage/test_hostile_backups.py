"""A backup that somebody else may have made computes nothing, and one that is refused has changed nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bcos_core.cli.tables import TABLES
from bcos_core.errors import InputError, StorageError
from bcos_core.home import Home
from bcos_core.storage import dumps
from bcos_core.storage.backup import back_up, restore
from bcos_core.storage.collections import Collections
from bcos_core.storage.database import read_url
from bcos_core.storage.upgrade import open_database

pytestmark = pytest.mark.sqlite_file

ENDLESS = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT max(x) AS version_num FROM r"
REFUSED = {
    f"ALTER TABLE alembic_version RENAME TO a; CREATE VIEW alembic_version AS {ENDLESS}": "the view 'alembic_version'",
    "CREATE TRIGGER t AFTER INSERT ON jobs BEGIN UPDATE users SET role = 'admin'; END": "the trigger 't'",
    "CREATE VIRTUAL TABLE words USING fts5(a)": "the table 'words'",
    "CREATE INDEX i ON jobs (length(zeroblob(900000000)))": "a function in the index 'i'",
    'CREATE INDEX i ON jobs (id) WHERE "zeroblob" (900000000) > 1': "a function in the index 'i'",
    "CREATE INDEX i ON jobs (id) WHERE zeroblob/**/(900000000) > 1": "a function in the index 'i'",
    "CREATE TABLE more (a CHECK (length(a) > 1))": "a function in the table 'more'",
    "INSERT INTO alembic_version VALUES ('9999')": "newer version",
    "UPDATE alembic_version SET version_num = '0015'": "cannot be brought to this version",
    "CREATE TABLE more (a)": "not of this program (more)",
    "ALTER TABLE jobs DROP COLUMN message": "its table jobs is missing or has other columns",
    "DROP TABLE evidence": "its table evidence is missing",
    "DROP TRIGGER audit_no_delete": "can be rewritten",
}


@pytest.fixture
def backup(home: Home, tmp_path: Path) -> Path:
    """Of another home; this one has a text of its own."""
    other = open_database(Home(tmp_path / "other"))
    Collections(other).pin("Mine", "theirs")
    Collections(open_database(home)).pin("Mine", "what was there before")
    return back_up(other, tmp_path / "given.sqlite3").path


def texts(home: Home) -> list[str]:
    return [one.text for one in Collections(open_database(home)).texts("Mine")]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("statement", REFUSED)
def test_what_would_compute_or_is_not_whole_replaces_nothing(home: Home, backup: Path, statement: str) -> None:
    with closing(sqlite3.connect(backup)) as opened:
        opened.executescript(statement)
    with pytest.raises(InputError) as refused:
        restore(home, backup, TABLES, force=True)
    assert REFUSED[statement] in str(refused.value)
    assert texts(home) == ["what was there before"]
    assert not list(home.root.glob(".restored*"))


def test_a_whole_one_replaces_the_database_and_leaves_no_copy(home: Home, backup: Path) -> None:
    restore(home, backup, TABLES, force=True)
    assert texts(home) == ["theirs"]
    assert not list(home.root.glob(".restored*"))


SCRIPT = "--\n-- PostgreSQL database dump\n--\n\n{}SET statement_timeout = 0;\n"


@pytest.mark.parametrize(("begins", "is_run"), [("\\restrict aBc123\n\n", True), ("", False), ("\\! true\n", False)])
def test_psql_is_given_only_scripts_that_it_restricts_to_sql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begins: str, is_run: bool
) -> None:
    ran: list[str] = []

    def run(command: list[str], url: object, *, given: str = "") -> str:
        ran.append(command[0])
        return SCRIPT.format(begins)

    monkeypatch.setattr(dumps, "_run", run)
    restored: Callable[[], None] = lambda: dumps.restore(read_url("postgresql://a@b/c"), tmp_path / "a.dump", ())  # noqa: E731
    if is_run:
        restored()
    else:
        with pytest.raises(StorageError, match="lets an archive run commands of psql"):
            restored()
    assert ran == ["pg_restore", "psql"][: 1 + is_run]
