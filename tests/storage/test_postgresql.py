"""PostgreSQL keeps the promises that an SQLite file keeps, and says in words what is wrong, without its password."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, make_url, select, text, update

from bcos_core.errors import StorageError
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.storage import postgresql
from bcos_core.storage.collections import Collections
from bcos_core.storage.database import Database, open_engine, read_url
from bcos_core.storage.postgresql import make_engine
from bcos_core.storage.upgrade import open_database
from tests.cluster import PASSWORD, Cluster, running_cluster

COUNTERS = Table("counters", MetaData(), Column("name", String, primary_key=True), Column("value", Integer))


@pytest.fixture
def named(cluster: Cluster) -> Iterator[str]:
    """The name of a database of its own."""
    name = cluster.make_database()
    yield name
    cluster.drop_database(name)


@pytest.fixture
def database(cluster: Cluster, named: str) -> Iterator[Database]:
    database = Database(make_engine(cluster.address(named)))
    with database.write() as connection:
        COUNTERS.create(connection)
        connection.execute(insert(COUNTERS).values(name="n", value=0))
    yield database
    database.engine.dispose()


def value(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(COUNTERS.c.value)).scalar_one()


def test_both_ways_to_write_the_address_mean_psycopg_3(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("postgresql", "postgresql+psycopg"):
        monkeypatch.setenv("BCOS_DATABASE_URL", f" {kind}://me:word@db.example.org/bcos ")
        assert open_engine(home).url == make_url("postgresql+psycopg://me:word@db.example.org/bcos")
        assert open_engine(home).dialect.driver == "psycopg"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("mysql://me:s3cret@host/name", r"mysql is not supported.*Expected postgresql://"),
        ("postgresql+psycopg2://me:s3cret@host/name", r"postgresql\+psycopg2 is not supported"),
        ("me:s3cret@host/name", "not an address"),
        ("postgresql://me:s3cret@host:many/name", "not an address"),
        ("sqlite://", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(address: str, said: str) -> None:
    with pytest.raises(StorageError, match=f"BCOS_DATABASE_URL cannot be used.*{said}") as refused:
        read_url(address)
    assert "s3cret" not in str(refused.value)


def test_a_database_that_cannot_be_used_is_told_in_words_without_the_password(cluster: Cluster, named: str) -> None:
    right = cluster.over_tcp(named)
    cases = [
        (right.set(password="wr0ng"), r"password authentication failed.*Check the user and the password"),
        (right.set(username="nobody"), r"Check the user and the password"),
        (right.set(database="nowhere"), r"\"nowhere\" does not exist.*createdb"),
        (right.set(port=1), r"nowhere|at 127.0.0.1:1 cannot be used .*Start the PostgreSQL server"),
        (right.set(host="no.such.host.invalid"), r"Start the PostgreSQL server, or check the host"),
        (right.set(host=None, port=None, query={"host": "/nowhere"}), "Start the PostgreSQL server"),
        (right.set(query={"sslmode": "perhaps"}), "Check what follows the question mark"),
    ]
    for url, said in cases:
        database = Database(make_engine(url))
        with pytest.raises(StorageError, match=said) as refused, database.read():
            pass
        assert "wr0ng" not in str(refused.value) and PASSWORD not in str(refused.value)
        assert "\n" not in str(refused.value)
    with Database(make_engine(right)).read() as connection:  # and the right one is let in
        assert connection.execute(text("SELECT current_user")).scalar_one() == "bcos"


def test_a_newer_database_is_refused_without_the_password(
    cluster: Cluster, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = cluster.over_tcp(named).render_as_string(hide_password=False)
    monkeypatch.setenv("BCOS_DATABASE_URL", url)
    home = Home(tmp_path)
    with open_database(home).write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match=rf"{named} at 127.0.0.1:\d+ was made by a newer version.*9999") as refused:
        open_database(home)
    assert PASSWORD not in str(refused.value)
    open_engine(home).dispose()


def test_a_reader_sees_one_moment_and_writes_nothing(database: Database) -> None:
    with database.read() as reading:
        before = reading.execute(select(COUNTERS.c.value)).scalar_one()
        with database.write() as writing:
            writing.execute(update(COUNTERS).values(value=7))
        assert before == reading.execute(select(COUNTERS.c.value)).scalar_one() == 0
    assert value(database) == 7
    with pytest.raises(StorageError, match="read-only transaction"), database.read() as connection:
        connection.execute(update(COUNTERS).values(value=8))
    assert value(database) == 7


def test_a_writer_reads_what_was_committed_while_it_waited(database: Database) -> None:
    held, seen = threading.Event(), []

    def second() -> None:
        held.wait()
        with database.write() as connection:
            seen.append(connection.execute(select(COUNTERS.c.value)).scalar_one())

    thread = threading.Thread(target=second)
    thread.start()
    with database.write() as connection:
        held.set()
        connection.execute(update(COUNTERS).values(value=5))
    thread.join()
    assert seen == [5]


def test_a_writer_that_stands_still_is_put_out_and_nothing_of_it_stays(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_TURN", postgresql._TURN.replace("'60s'", "'100ms'"))
    with pytest.raises(StorageError, match="what was stored before is intact"), database.write() as stopped:
        stopped.execute(update(COUNTERS).values(value=1))
        with database.write() as connection:  # waits until the server has ended the other one
            assert connection.execute(select(COUNTERS.c.value)).scalar_one() == 0
            connection.execute(update(COUNTERS).values(value=2))
    assert value(database) == 2


def test_a_restart_of_the_server_is_told_and_the_next_transaction_connects_anew() -> None:
    with running_cluster() as own:
        assert own.server is not None
        database = Database(make_engine(own.address(own.make_database())))
        with database.write() as connection:
            COUNTERS.create(connection)
            connection.execute(insert(COUNTERS).values(name="n", value=1))
        own.server.restart()
        assert value(database) == 1  # a connection that was in nobody's hands
        said = pytest.raises(StorageError, match="Try again when the PostgreSQL server runs")
        with said, database.write() as connection:
            connection.execute(update(COUNTERS).values(value=2))
            own.server.restart()
            connection.execute(update(COUNTERS).values(value=3))
        assert value(database) == 1
        with database.write() as connection:
            connection.execute(update(COUNTERS).values(value=4))
        assert value(database) == 4
        database.engine.dispose()


def test_what_postgresql_cannot_hold_is_held_otherwise(database: Database) -> None:
    """Null characters, numbers that are not finite, halves of a pair of surrogates in JSON."""
    collections = Collections(database)
    pinned = collections.pin("c", "a \0 film")
    assert [(one.item, one.text) for one in collections.texts("c")] == [(pinned.item, "a ␀ film")]
    with database.write() as connection:
        cell = {"cell": json.dumps("\ud800\0")}
        assert connection.execute(text("SELECT CAST(:cell AS JSON)"), cell).scalar_one() == "\ud800\0"


def test_a_cell_that_is_nested_too_deep_hides_no_other_job(
    cluster: Cluster, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BCOS_DATABASE_URL", cluster.address(named).render_as_string())
    store = JobStore.open(Home(tmp_path))
    deep, good = (store.submit("train", name, {}, name)[0] for name in "ab")
    with store.database.write() as connection:
        cell = {"cell": "[" * 500 + "]" * 500, "id": deep.id}
        connection.execute(text("UPDATE jobs SET spec = CAST(:cell AS JSON) WHERE id = :id"), cell)
    listing = store.list()
    assert [job.id for job in listing] == [good.id] and [one.name for one in listing.left_out] == [deep.id]
    store.database.engine.dispose()
