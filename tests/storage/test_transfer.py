"""SQLite → PostgreSQL and back, backups and restores of both: every row arrives, or nothing is changed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert, inspect, select, text, update

from bcos_core.cli.main import main
from bcos_core.cli.tables import TABLES
from bcos_core.errors import InputError, StorageError
from bcos_core.home import Home
from bcos_core.jobs.claims import claim
from bcos_core.jobs.lease import Lease, Point
from bcos_core.jobs.paces import Taken
from bcos_core.jobs.store import JobStore
from bcos_core.storage import transfer
from bcos_core.storage.backup import back_up, restore
from bcos_core.storage.collections import COLLECTION_TEXTS, Collections
from bcos_core.storage.database import Database, open_engine
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.postgresql import make_engine
from bcos_core.storage.transfer import copy_database
from bcos_core.storage.upgrade import open_database
from tests.cluster import Cluster
from tests.ports import free_port
from tests.study.open_study import OpenStudy

pytestmark = pytest.mark.sqlite_file
Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("BCOS_DATABASE_URL", raising=False)
    return Home((tmp_path / "home").resolve())


@pytest.fixture
def full(home: Home) -> Database:
    """A database with rows in most tables."""
    store = JobStore.open(home)
    job, _ = store.submit("train", "Training é", {"b": 1.5, "nested": {"list": [1, None, "\ud800\0"]}}, "training")
    store.submit("train", "Waits", {}, "waits", reserves="name")
    assert claim(store, "cpu") is not None
    lease = Lease(store, job.id, 1)
    assert lease.beat({"progress": 0.1 + 0.2}, [Point("loss", n, 1 / (n + 3)) for n in range(1500)])
    assert lease.beat({}, [Point("nan", 0, float("nan"))])
    assert lease.succeed({"accuracy": 0.9}, ["/somewhere"], [Taken("training", 2.0, 3.0)])
    EvidenceStore(store.database).keep("model", "answers", {"one": [0.1, 0.2], "two": {"x": None}})
    Collections(store.database).pin("mine", "a film\0 with a null", "positive", screen="{}")
    study = OpenStudy.make(store.database)
    study.answer(study.arrive())
    return store.database


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[Database]:
    """An empty PostgreSQL database."""
    name = cluster.make_database(empty=True)
    database = Database(make_engine(cluster.address(name)))
    yield database
    database.engine.dispose()
    cluster.drop_database(name)


def rows_of(database: Database) -> Rows:
    """Every row, null characters as PostgreSQL has them."""

    def cells(row: Any) -> tuple[Any, ...]:
        return tuple(cell.replace("\0", "␀") if isinstance(cell, str) else cell for cell in row)

    with database.read() as connection:
        return {table.name: sorted(map(cells, connection.execute(select(table))), key=repr) for table in TABLES}


def test_every_table_that_migrations_make_is_copied(home: Home) -> None:
    with open_database(home).read() as connection:
        assert {table.name for table in TABLES} == set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_every_table_is_known_to_a_command_that_has_loaded_nothing_else(home: Home) -> None:
    with open_database(home).read() as connection:
        there = set(inspect(connection).get_table_names()) - {"alembic_version"}
    names = "from bcos_core.cli.tables import TABLES; print(*(table.name for table in TABLES))"
    found = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, check=True).stdout
    assert set(found.split()) == there


def test_tables_of_another_program_are_left_alone(
    full: Database, empty: Database, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_database(full, empty, TABLES, home)
    dump = back_up(empty, tmp_path / "copy.dump").path
    monkeypatch.setenv("BCOS_DATABASE_URL", empty.engine.url.render_as_string())
    with empty.write() as connection:
        for name in ("customers", *(table.name for table in reversed(TABLES)), "alembic_version"):
            made = "CREATE TABLE customers (id integer)" if name == "customers" else f"DROP TABLE {name} CASCADE"
            connection.execute(text(made))
    for attempt in (
        lambda: copy_database(full, empty, TABLES, home),
        lambda: restore(home, dump, TABLES, force=True),
    ):
        with pytest.raises(InputError, match=r"not of this program \(customers\)"):
            attempt()
        with empty.read() as connection:
            assert inspect(connection).get_table_names() == ["customers"]
    open_engine(home).dispose()


@pytest.mark.parametrize(
    "address, said",
    [
        ("postgresql://ann@127.0.0.1:{port}/bcos", "check the host and the port in --to"),
        ("sqlite:///{letter}", "name another one in --to"),
        ("sqlite:///{customers}", "not of this program (customers). Nothing was changed: name an empty one in --to"),
        ("mysql://ann@127.0.0.1/bcos", "--to cannot be used (mysql is not supported)"),
    ],
)
def test_a_wrong_target_is_said_to_be_it(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str, said: str
) -> None:
    (tmp_path / "letter").write_text("This is a letter, and no database. " * 100)
    with sqlite3.connect(tmp_path / "customers") as connection:
        connection.execute("CREATE TABLE customers (id integer)")
    url = address.format(port=free_port(), letter=tmp_path / "letter", customers=tmp_path / "customers")
    assert main(["migrate", "--to", url]) != 0
    told = capsys.readouterr().err
    assert said in told and "BCOS_" not in told


def test_all_rows_arrive_there_and_back_and_numbers_go_on(full: Database, empty: Database, home: Home) -> None:
    copied = {one.table: one for one in copy_database(full, empty, TABLES, home)}
    before, after = rows_of(full), rows_of(empty)
    assert after == before
    assert {name: len(rows) for name, rows in before.items()} == {name: one.rows for name, one in copied.items()}
    assert copied["job_metrics"].rows == 1501 and copied["jobs"].rows == 2 and copied["study_answers"].rows == 2
    with empty.write() as connection:  # the next event takes the next number, and none that is taken
        study = connection.execute(text("SELECT id FROM studies")).scalar_one()
        newest = max(id for id, *_ in after["study_events"])
        created_at = list(_table("studies").c.keys()).index("created_at")
        values = {"study": study, "kind": "paused", "payload": {}, "at": after["studies"][0][created_at]}
        number = connection.execute(insert(_table("study_events")).values(values).returning(text("id"))).scalar_one()
        assert number == newest + 1
        connection.execute(text("DELETE FROM study_events WHERE id = :id"), {"id": number})
    back = Database(open_engine(home, full.engine.url.set(database=str(home.root / "back.sqlite3"))))
    again = {one.table: one.checksum for one in copy_database(empty, back, TABLES, home)}
    assert again == {name: one.checksum for name, one in copied.items()} and rows_of(back) == before


def test_a_target_with_rows_is_refused_and_left_as_it_is(full: Database, empty: Database, home: Home) -> None:
    copy_database(full, empty, TABLES, home)
    with full.write() as connection:
        connection.execute(update(COLLECTION_TEXTS).values(label="changed"))
    before = rows_of(empty)
    with pytest.raises(InputError, match=r"has rows already \(.*collection_texts.*Name an empty one"):
        copy_database(full, empty, TABLES, home)
    assert rows_of(empty) == before
    with pytest.raises(InputError, match="is the database that is copied"):
        copy_database(full, full, TABLES, home)


def test_what_arrives_otherwise_is_not_kept(
    full: Database, empty: Database, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(table: Table) -> Any:
        return insert(table) if table.name != "evidence" else text("SELECT :subject")

    monkeypatch.setattr(transfer, "insert", wrong)
    with pytest.raises(StorageError, match="Of the table evidence 2 rows were sent and 0 have arrived. Nothing was"):
        copy_database(full, empty, TABLES, home)
    assert not any(rows_of(empty).values())


def test_a_damaged_cell_is_named(full: Database, empty: Database, home: Home) -> None:
    with full.write() as connection:
        connection.execute(text("UPDATE jobs SET spec = '{' WHERE title = 'Waits'"))
    with pytest.raises(StorageError, match="A cell of the table jobs cannot be read"):
        copy_database(full, empty, TABLES, home)
    assert not any(rows_of(empty).values())


def test_a_backup_of_sqlite_is_put_back(full: Database, home: Home, tmp_path: Path) -> None:
    backup = back_up(full, tmp_path / "copy.sqlite3").path
    before = rows_of(full)
    Collections(full).pin("later", "a text")
    with pytest.raises(InputError, match=r"has rows. Replace them with --force"):
        restore(home, backup, TABLES)
    assert rows_of(full) != before
    restore(home, backup, TABLES, force=True)
    assert rows_of(full) == before
    with full.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    other = Home(tmp_path / "other")
    restore(other, backup, TABLES)  # where nothing is, nothing need be forced
    assert rows_of(open_database(other)) == before


def test_what_is_no_whole_backup_replaces_nothing(full: Database, home: Home, tmp_path: Path) -> None:
    before = rows_of(full)
    cut, letter, newer, foreign = (tmp_path / name for name in ("cut", "letter", "newer", "foreign"))
    whole = back_up(full, newer).path.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    letter.write_text("This is a letter, and no database. " * 100)
    for file, statement in (
        (newer, "UPDATE alembic_version SET version_num = '9999'"),
        (foreign, "CREATE TABLE t (n)"),
    ):
        connection = sqlite3.connect(file)
        connection.execute(statement)
        connection.commit()
        connection.close()
    for file, said in (
        (cut, "malformed|not whole|no backup"),
        (letter, "not a database"),
        (newer, "newer version"),
        (foreign, "no such table: alembic_version"),
        (tmp_path / "nothing", "There is no file"),
    ):
        with pytest.raises(InputError, match=said):
            restore(home, file, TABLES, force=True)
        assert rows_of(full) == before


def test_a_backup_of_postgresql_is_put_back(
    full: Database, empty: Database, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_database(full, empty, TABLES, home)
    before = rows_of(empty)
    target = tmp_path / "copy.dump"
    assert back_up(empty, target).bytes == target.stat().st_size and target.stat().st_mode & 0o077 == 0
    with pytest.raises(InputError, match="backup of PostgreSQL"):
        restore(home, target, TABLES, force=True)
    monkeypatch.setenv("BCOS_DATABASE_URL", empty.engine.url.render_as_string())
    Collections(empty).pin("later", "a text")
    with pytest.raises(InputError, match=r"has rows. Replace them with --force"):
        restore(home, target, TABLES)
    cut = tmp_path / "cut.dump"
    cut.write_bytes(target.read_bytes()[:3000])
    with pytest.raises((InputError, StorageError), match="no whole backup|no alembic_version|Nothing was changed"):
        restore(home, cut, TABLES, force=True)
    assert rows_of(empty) != before and len(rows_of(empty)["collection_texts"]) == 2
    restore(home, target, TABLES, force=True)
    assert rows_of(empty) == before
    with pytest.raises(InputError, match="no backup of a PostgreSQL database"):
        restore(home, back_up(full, tmp_path / "file.sqlite3").path, TABLES, force=True)
    open_engine(home).dispose()


def _table(name: str) -> Table:
    return next(table for table in TABLES if table.name == name)
