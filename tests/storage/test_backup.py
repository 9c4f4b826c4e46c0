"""A backup is whole, whatever happens beside it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bcos_core.errors import InputError, StorageError
from bcos_core.home import Home
from bcos_core.storage.backup import back_up
from bcos_core.storage.collections import COLLECTION_TEXTS, Collections
from bcos_core.storage.database import Database
from bcos_core.storage.upgrade import open_database

pytestmark = pytest.mark.sqlite_file


@pytest.fixture
def database(home: Home) -> Database:
    return open_database(home)


def texts_in(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [row[0] for row in connection.execute("SELECT text FROM collection_texts ORDER BY added_at")]
    finally:
        connection.close()


def test_a_copy_has_everything_in_one_file(database: Database, tmp_path: Path) -> None:
    Collections(database).pin("c", "in the log, not yet in the file")
    backup = back_up(database, tmp_path / "copies é.sqlite3")
    assert backup.path == tmp_path / "copies é.sqlite3" and backup.bytes == backup.path.stat().st_size
    assert texts_in(backup.path) == ["in the log, not yet in the file"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copies é.sqlite3", "home"]


def test_a_copy_made_while_others_write_holds_all_that_was_committed_before(database: Database, tmp_path: Path) -> None:
    collections = Collections(database)
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            collections.pin("c", f"text {number}")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for copy in range(5):
            with database.read() as connection:
                before = connection.execute(select(func.count()).select_from(COLLECTION_TEXTS)).scalar_one()
            texts = texts_in(back_up(database, tmp_path / f"{copy}.sqlite3").path)
            assert len(texts) >= before
            assert texts == [f"text {number}" for number in range(len(texts))]  # nothing is missing in between
    finally:
        stop.set()
        writer.join()


def test_a_file_that_exists_is_replaced_only_by_force(database: Database, tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite3"
    target.write_text("precious")
    with pytest.raises(InputError, match="exists already.*--force"):
        back_up(database, target)
    assert target.read_text() == "precious"
    back_up(database, target, force=True)
    assert texts_in(target) == []


def test_places_that_cannot_be_used(database: Database, home: Home, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no folder"):
        back_up(database, tmp_path / "missing" / "copy")
    with pytest.raises(InputError, match="is a folder"):
        back_up(database, tmp_path)
    with pytest.raises(InputError, match="is the database itself"):
        back_up(database, home.database, force=True)


def test_a_copy_that_fails_leaves_what_was_there(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copy.sqlite3"
    target.write_text("precious")

    def fail(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(StorageError, match=r"No space left on device.*Free some space"):
        back_up(database, target, force=True)
    assert target.read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.sqlite3", "home"]
