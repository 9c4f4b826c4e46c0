"""Transactions under contention, and failures in words."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, event, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from bcos_core.errors import DatabaseUnreachableError, InputError, StorageError
from bcos_core.home import Home
from bcos_core.storage.backup import back_up
from bcos_core.storage.database import Database, open_engine, upsert
from bcos_core.storage.failures import explained
from bcos_core.storage.sqlite_file import keep_private
from bcos_core.storage.types import UtcDateTime
from bcos_core.storage.upgrade import open_database

COUNTERS = Table("counters", MetaData(), Column("name", String, primary_key=True), Column("value", Integer))


@pytest.fixture
def database(home: Home) -> Database:
    database = open_database(home)
    with database.write() as connection:
        COUNTERS.create(connection)
        connection.execute(insert(COUNTERS).values(name="n", value=0))
    return database


def test_read_then_write_loses_no_update_between_threads(database: Database) -> None:
    def add_25() -> None:
        for _ in range(25):
            with database.write() as connection:
                value = connection.execute(select(COUNTERS.c.value)).scalar_one()
                connection.execute(update(COUNTERS).values(value=value + 1))

    threads = [threading.Thread(target=add_25) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.execute(select(COUNTERS.c.value)).scalar_one() == 200


def test_reading_does_not_wait_for_a_writer(database: Database) -> None:
    with database.write() as writing:
        writing.execute(update(COUNTERS).values(value=7))
        with database.read() as reading:
            assert reading.execute(select(COUNTERS.c.value)).scalar_one() == 0


def test_an_exception_takes_everything_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.execute(update(COUNTERS).values(value=7))
        raise ZeroDivisionError
    with database.read() as connection:
        assert connection.execute(select(COUNTERS.c.value)).scalar_one() == 0


def test_upsert_overwrites_and_adds(database: Database) -> None:
    with database.write() as connection:
        upsert(connection, COUNTERS, [{"name": "n", "value": 5}, {"name": "m", "value": 6}], key=["name"])
        upsert(connection, COUNTERS, [], key=["name"])
        assert sorted(connection.execute(select(COUNTERS))) == [("m", 6), ("n", 5)]


@pytest.mark.sqlite_file
def test_a_full_disk_is_told_in_words(database: Database) -> None:
    with pytest.raises(StorageError, match=r"full.*Free some space"), database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # SQLite's own way to be out of space
        connection.execute(insert(COUNTERS).values(name="x" * 1_000_000, value=1))


def test_a_broken_constraint_is_an_answer_not_a_failure(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(COUNTERS).values(name="n", value=1))


def test_an_unusable_url_is_told_in_words(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BCOS_DATABASE_URL", "nosuchdatabase://here")
    with pytest.raises(StorageError, match="BCOS_DATABASE_URL cannot be used"):
        open_engine(home)


@pytest.mark.sqlite_file
def test_a_home_whose_name_has_odd_characters(tmp_path: Path) -> None:
    home = Home(tmp_path / "50% of #1? é")
    open_database(home)
    assert home.database.exists()


def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    times = Table("times", MetaData(), Column("at", UtcDateTime))
    in_delhi = datetime(2026, 1, 1, 3, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with database.write() as connection:
        times.create(connection)
        connection.execute(insert(times).values(at=in_delhi))
        assert connection.execute(select(times.c.at)).scalar_one() == datetime(2025, 12, 31, 21, 30, tzinfo=UTC)
        if database.is_sqlite:
            assert connection.execute(text("SELECT at FROM times")).scalar_one().startswith("2025-12-31 21:30")
    with pytest.raises(Exception, match="no time zone"), database.write() as connection:
        connection.execute(insert(times).values(at=datetime(2026, 1, 1)))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.sqlite_file
@pytest.mark.usefixtures("usual_umask")
def test_what_is_stored_is_its_owners_alone(home: Home, tmp_path: Path) -> None:
    database = open_database(home)
    with database.write() as connection:
        COUNTERS.create(connection)
        files = {path.name: mode(path) for path in home.root.glob("bcos.sqlite3*")}
    assert files == dict.fromkeys(("bcos.sqlite3", "bcos.sqlite3-wal", "bcos.sqlite3-shm", "bcos.sqlite3-turn"), 0o600)
    assert mode(home.root) == 0o700
    assert mode(back_up(database, tmp_path / "copy.sqlite3").path) == 0o600


@pytest.mark.sqlite_file
def test_opening_a_database_again_leaves_its_locks_alone(database: Database, home: Home) -> None:
    look = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM counters'); c.close()"
    with database.read() as connection:
        connection.execute(select(COUNTERS))
        keep_private(database.engine)  # a process that closes the file once has no locks on it any more
        subprocess.run([sys.executable, "-c", look, str(home.database)], check=True)
        # Whoever takes themselves for the last one removes the log that this process still writes to.
        assert Path(f"{home.database}-wal").exists()


@pytest.mark.sqlite_file
@pytest.mark.usefixtures("usual_umask")
def test_a_file_that_an_older_program_has_made_becomes_private_and_a_shared_one_stays(home: Home) -> None:
    open_database(home)
    for before, after in ((0o644, 0o600), (0o660, 0o660)):
        home.database.chmod(before)
        open_database(home)
        assert mode(home.database) == after


@pytest.mark.sqlite_file
@pytest.mark.parametrize("kilobytes", [4, 40, 80])
def test_a_disk_that_is_full_while_the_tables_are_made_is_told_in_words(
    home: Home, monkeypatch: pytest.MonkeyPatch, kilobytes: int
) -> None:
    home.create()
    engine = open_engine(home)

    def small(connection: sqlite3.Connection, entry: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {kilobytes // 4}")  # pages have 4 KB

    event.listen(engine, "connect", small)
    with pytest.raises(StorageError, match=r"full.*Free some space"):
        open_database(home)
    event.remove(engine, "connect", small)
    engine.dispose()
    with open_database(home).read() as connection:  # with space again, it is made
        assert connection.execute(text("SELECT count(*) FROM jobs")).scalar_one() == 0


@pytest.mark.sqlite_file
def test_a_failure_between_transactions_is_told_in_words(database: Database) -> None:
    with pytest.raises(StorageError, match=r"disk I/O error.*Free some space"), explained(database.engine):
        raise sqlite3.OperationalError("disk I/O error")


def test_half_of_a_character_is_refused_in_words(database: Database) -> None:
    with pytest.raises(InputError, match=r"U\+D800"), database.write() as connection:
        connection.execute(text("SELECT :text"), {"text": "a\ud800"})


@pytest.mark.parametrize(
    ("reason", "away"),
    [
        ("server closed the connection unexpectedly", True),
        ("connection to server at 127.0.0.1 failed: Connection refused", True),
        ("the database system is shutting down", True),
        ('password authentication failed for user "ada"', False),
        ('database "lab" does not exist', False),
    ],
)
def test_a_server_that_is_away_is_told_from_one_that_refuses(reason: str, away: bool) -> None:
    engine = create_engine("postgresql+psycopg://ada@db/lab")
    with pytest.raises(StorageError) as told, explained(engine):
        raise OperationalError("SELECT 1", None, psycopg.OperationalError(reason))
    assert isinstance(told.value, DatabaseUnreachableError) == away
