"""A database is made, recognised, and refused when it is too new."""

from __future__ import annotations

import json
import multiprocessing
import os
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

import bcos_core.accounts.schema
import bcos_core.jobs.schema
import bcos_core.storage.collections
import bcos_core.storage.evidence
import bcos_core.storage.stored_files
import bcos_core.study.schema  # noqa: F401  # each registers its tables
from bcos_core.errors import StorageError
from bcos_core.home import Home
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.store import JobStore
from bcos_core.storage.database import Database, open_engine
from bcos_core.storage.types import METADATA
from bcos_core.storage.upgrade import MIGRATIONS, _config, open_database, revisions_of
from bcos_core.study.crowd import Crowd
from bcos_core.study.lock_job import LOCK, LockSpec
from bcos_core.study.rehearsal_job import REHEARSE, RehearsalSpec
from bcos_core.study.studies import Studies
from bcos_core.train.job import TRAIN
from bcos_core.train.quickstart import quickstart_spec

pytestmark = pytest.mark.empty_database


def test_migrations_make_the_tables_that_the_code_declares(home: Home) -> None:
    with open_database(home).read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


@pytest.mark.sqlite_file
def test_the_file_is_in_write_ahead_mode_with_foreign_keys_on(home: Home) -> None:
    with open_database(home).read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


@pytest.mark.sqlite_file
def test_opening_again_changes_nothing(home: Home) -> None:
    open_database(home)
    before = home.database.read_bytes()
    open_database(home)
    assert home.database.read_bytes() == before


def test_a_newer_database_is_refused(home: Home) -> None:
    with open_database(home).write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match=r"newer version of this program.*9999.*Update"):
        open_database(home)


@pytest.mark.parametrize("revision", [None, "9999", "0005"])
def test_a_database_of_another_program_is_left_alone(home: Home, revision: str | None) -> None:
    """Also of one whose migrations Alembic runs, under names that may be those of ours."""
    database = Database(open_engine(home.create()))
    with database.write() as connection:
        connection.execute(text("CREATE TABLE customers (id integer)"))
        if revision is not None:
            connection.execute(text("CREATE TABLE alembic_version (version_num varchar(32))"))
            connection.execute(text(f"INSERT INTO alembic_version VALUES ('{revision}')"))
    if database.is_sqlite:
        home.database.chmod(0o644)
        before = (home.database.read_bytes(), home.database.stat().st_mode)
    for attempt in (lambda: open_database(home), lambda: JobStore.open(home), lambda: revisions_of(database)):
        with pytest.raises(StorageError, match=r"not of this program \(customers\). Nothing was changed: (set|name)"):
            attempt()
    with database.read() as connection:
        assert set(inspect(connection).get_table_names()) - {"alembic_version"} == {"customers"}
    if database.is_sqlite:
        assert before == (home.database.read_bytes(), home.database.stat().st_mode)


@pytest.mark.sqlite_file
def test_a_new_file_is_its_owner_s_alone(home: Home) -> None:
    was = os.umask(0)
    try:
        open_database(home)
    finally:
        os.umask(was)
    assert home.database.stat().st_mode & 0o777 == 0o600


@pytest.mark.sqlite_file
def test_a_file_that_is_no_database_is_refused(home: Home) -> None:
    home.create()
    home.database.write_text("This is a letter, and no database. " * 100)
    with pytest.raises(StorageError, match=r"not a database.*Move the file away"):
        open_database(home)


@pytest.mark.sqlite_file
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="Set BCOS_HOME"):
        open_database(Home(tmp_path / "file" / "home"))


def test_what_an_older_program_has_stored_is_brought_along(home: Home) -> None:
    home.create()
    database = Database(open_engine(home))
    with database.write() as connection:
        command.upgrade(_config(connection), "0005")
        columns = "id, title, status, simulated, design, lock_hash, created_at"
        for row in (("d", "draft", None), ("l", "draft", "0f"), ("o", "open", "1f")):
            values = "(:id, 'T', :status, false, '{}', :hash, '2026-01-01 00:00:00')"
            given = dict(zip(("id", "status", "hash"), row, strict=True))
            connection.execute(text(f"INSERT INTO studies ({columns}) VALUES {values}"), given)
    assert {one.id: one.status.value for one in Studies(open_database(home)).list()} == {
        "d": "draft",
        "l": "locked",
        "o": "open",
    }


def test_jobs_of_an_older_program_are_brought_along(home: Home) -> None:
    home.create()
    database = Database(open_engine(home))
    with database.write() as connection:
        command.upgrade(_config(connection), "0007")
        present = {
            "title": "", "argv": '["-m", "bcos_core"]', "foreground": False, "state": "failed", "message": "",
            "cancel_requested": False, "attempt": 1, "crashes": 0, "device": "", "host": "", "stage": "",
            "stage_index": 0, "stage_count": 0, "stage_seconds": "[]", "eta_of_stage": False,
            "created_at": "2026-01-01 00:00:00",
            "artefacts": "[]",
        }  # fmt: skip
        for id, kind, key, spec in (
            ("lock", "study", "study:s", '{"study": "s"}'),
            ("page", "study", "study-rehearsal:s", '{"study": "s", "preference": -1.5}'),
            (
                "typed",
                "study",
                "study-rehearsal:t",
                '{"study": "t", "raters": 3, "writers": 2, "preference": null, "seed": 4}',
            ),
            ("damaged", "study", "study-rehearsal:u", "[1]"),
            ("train", "train", "train:{}", "{}"),
            ("trained", "train", "train:{1}", json.dumps({**quickstart_spec().work(), "name": "mine"})),
        ):
            row = {**present, "id": id, "kind": kind, "key": key, "spec": spec}
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO jobs ({', '.join(row)}) VALUES ({values})"), row)
        connection.exec_driver_sql("INSERT INTO job_metrics VALUES ('train', 'loss', 1, 0.5)")
    store = JobStore(home, open_database(home))
    assert LOCK.read(store.get("lock").spec) == LockSpec("s") and store.get("lock").kind == LOCK.name
    assert store.get("page").kind == store.get("typed").kind == REHEARSE.name
    assert REHEARSE.read(store.get("page").spec) == RehearsalSpec("s", Crowd(preference=-1.5))
    assert REHEARSE.read(store.get("typed").spec) == RehearsalSpec("t", Crowd(3, 2, None, 4))
    assert [one.name for one in store.list().left_out] == ["damaged"]
    assert store.metrics("train") == {"loss": [(1, 0.5)]}
    assert TRAIN.read(store.get("trained").spec) == replace(quickstart_spec(), name="mine")
    assert {id: store.get(id).lane for id in ("lock", "page", "train")} == {
        "lock": Lane.SHORT,
        "page": Lane.SHORT,
        "train": Lane.LONG,
    }
    with store.database.write() as connection:
        command.downgrade(_config(connection), "0007")
        kinds = connection.exec_driver_sql("SELECT DISTINCT kind FROM jobs ORDER BY kind").scalars().all()
    assert kinds == ["study", "train"]


def test_several_processes_may_make_it_at_once(home: Home) -> None:
    newest = max((MIGRATIONS / "versions").glob("[0-9]*.py")).name[:4]
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        assert pool.map(_open, [home] * 6) == [newest] * 6


def _open(home: Home) -> str | None:
    with open_database(home).read() as connection:
        return MigrationContext.configure(connection).get_current_revision()
