"""Which database tests run on: an SQLite file in each home, or, with `--database=postgresql`, a PostgreSQL database of
its own for each, on one throw-away server for all processes of a run.

A run on SQLite keeps in mind which tests have opened a database, and how long each took. `--recorded=SECONDS` runs
those alone, the quickest first, as many as took so long in all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from bcos_core.storage import database as connections
from bcos_core.storage.database import URL_VARIABLE
from tests.cluster import Cluster, running_cluster

_RECORD = "databases/opened"
_CLUSTER = pytest.StashKey[Cluster]()
_ENDING = pytest.StashKey[ExitStack]()
_OPENED = pytest.StashKey[dict[str, float]]()
ABOUT_FILES = ("sqlite_file", "several_homes")
"""Marks of tests that cannot be run on PostgreSQL."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("databases")
    group.addoption(
        "--database", choices=("sqlite", "postgresql"), default="sqlite", help="what tests keep their rows in"
    )
    help = "only tests that opened a database on SQLite, the quickest first, as many as took SECONDS there in all"
    group.addoption("--recorded", type=float, metavar="SECONDS", help=help)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_ENDING], config.stash[_OPENED] = ExitStack(), {}
    given = getattr(config, "workerinput", {}).get("cluster")
    if given is not None:
        config.stash[_CLUSTER] = Cluster(**given)
    elif config.getoption("database") == "postgresql" and not config.option.collectonly:
        config.stash[_CLUSTER] = config.stash[_ENDING].enter_context(running_cluster())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a process of xdist which server there is."""
    if (cluster := node.config.stash.get(_CLUSTER, None)) is not None:
        node.workerinput["cluster"] = {"url": cluster.url, "port": cluster.port}


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_ENDING].close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    def left_out(item: pytest.Item) -> bool:
        if recorded is not None and item.nodeid not in recorded:
            return True
        return on_postgresql and any(item.get_closest_marker(mark) for mark in ABOUT_FILES)

    on_postgresql = config.getoption("database") == "postgresql"
    recorded = None if config.getoption("recorded") is None else _quickest(config, config.getoption("recorded"))
    out = [item for item in items if left_out(item)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in set(out)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Notes whether a test opens a database, and how long it takes."""
    opened, began = item.config.stash[_OPENED], time.monotonic()

    def note(*connected: object) -> None:
        opened[item.nodeid] = 0.0

    event.listen(Pool, "checkout", note)
    try:
        return (yield)
    finally:
        event.remove(Pool, "checkout", note)
        if item.nodeid in opened:
            opened[item.nodeid] = time.monotonic() - began


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Notes whether a process that a test has started has made one."""
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if isinstance(folder, Path) and any(folder.glob("*/bcos.sqlite3")):
        item.config.stash[_OPENED][item.nodeid] = 0.0


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if config.getoption("database") == "sqlite" and (opened := config.stash[_OPENED]):
        with _record(config).open("a", encoding="utf-8") as file:  # of several processes, each adds its own
            file.write("".join(f"{seconds:.3f} {id}\n" for id, seconds in opened.items()))


def _quickest(config: pytest.Config, seconds: float) -> set[str]:
    """The recorded tests, as many as take so long."""
    took: dict[str, float] = {}  # by the last run of each
    for line in _record(config).read_text(encoding="utf-8").splitlines() if _record(config).exists() else ():
        time_taken, _, id = line.partition(" ")
        took[id] = float(time_taken)
    if not took:
        raise pytest.UsageError("No test is known to open a database yet: run the tests on SQLite first.")
    in_all = accumulate(sorted(took.values()))
    return {id for id, total in zip(sorted(took, key=lambda id: took[id]), in_all, strict=True) if total <= seconds}


def _record(config: pytest.Config) -> Path:
    folder = Path(config.rootpath, ".pytest_cache", *_RECORD.split("/")[:-1])
    folder.mkdir(parents=True, exist_ok=True)
    return folder / _RECORD.split("/")[-1]


class Databases:
    """Gives each home a database of its own."""

    def __init__(self, cluster: Cluster | None) -> None:
        self.cluster = cluster

    @contextmanager
    def own(self, patch: pytest.MonkeyPatch, *, empty: bool = False) -> Iterator[str]:
        """What `BCOS_DATABASE_URL` is from now on: "" for the SQLite file of whatever `BCOS_HOME` names."""
        if self.cluster is None:
            patch.delenv(URL_VARIABLE, raising=False)
            yield ""
            return
        name = self.cluster.make_database(empty=empty)
        url = self.cluster.address(name).render_as_string(hide_password=False)
        patch.setenv(URL_VARIABLE, url)
        try:
            yield url
        finally:
            connections._engine(connections.read_url(url)).dispose()
            self.cluster.drop_database(name)


@pytest.fixture(scope="session")
def databases(pytestconfig: pytest.Config) -> Databases:
    return Databases(pytestconfig.stash.get(_CLUSTER, None))


@pytest.fixture(scope="session", autouse=True)
def no_other_database() -> Iterator[None]:
    """The database of whoever runs the tests is not theirs to write to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(URL_VARIABLE, raising=False)
        yield


@pytest.fixture
def own_database(
    request: pytest.FixtureRequest, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The database of this test's home; as in `Databases.own`."""
    with databases.own(monkeypatch, empty=request.node.get_closest_marker("empty_database") is not None) as url:
        yield url


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """A PostgreSQL server for tests that are about one, whichever database the others run on."""
    given = pytestconfig.stash.get(_CLUSTER, None)
    if given is not None:
        yield given
        return
    with ExitStack() as ending:
        try:
            started = ending.enter_context(running_cluster())
        except RuntimeError as error:
            pytest.skip(str(error))
        yield started
