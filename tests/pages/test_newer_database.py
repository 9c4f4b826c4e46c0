"""A newer version of the program changes the tables under a server that runs: said on pages and forms, nothing done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from starlette.requests import Request

from bcos_core.access.actor import NOBODY
from bcos_core.errors import NewerDatabaseError
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.storage.database import Database, open_engine
from bcos_core.storage.upgrade import open_database
from pages.server import database as server_database
from pages.server import sign_in
from pages.server.database import database_for, store_for
from pages.server.unreachable import UPDATED, words_for
from pages.widgets.plain import plain
from tests.pages.conftest import OpenPage, Team, button, words


def _set_revision(home: Home, revision: str) -> None:
    with Database(open_engine(home)).write() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")


@pytest.fixture
def newest(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The revision of this program; each call looks at the tables."""
    monkeypatch.setattr(server_database, "LOOK_SECONDS", 0.0)
    with open_database(home).read() as connection:
        yield str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())


def test_an_open_page_says_so_does_nothing_and_goes_on(
    home: Home, newest: str, team: Team, open_page: OpenPage
) -> None:
    team("Ann")
    at = open_page("reproduce")
    _set_revision(home, "9999")
    button(at, "Measure again").click().run()
    assert not at.exception and [one.value for one in at.error] == [plain(UPDATED)] and not at.button
    assert str(home.root) not in words(at)
    _set_revision(home, newest)
    assert not at.run().error
    assert not JobStore.open(home).list()  # the press came to nothing


def test_nothing_is_opened_for_anybody(home: Home, newest: str) -> None:
    """Also for who rates, and for the forms of signing in, which are asked before there is a page."""
    database_for(NOBODY)
    _set_revision(home, "9999")
    for attempt in (lambda: database_for(NOBODY), lambda: store_for(NOBODY)):
        with pytest.raises(NewerDatabaseError, match="newer version of this program"):
            attempt()
    asked = Request({"type": "http", "method": "GET", "path": "/", "headers": [(b"cookie", b"bcos_session=a")]})
    with pytest.raises(NewerDatabaseError) as refused:
        asyncio.run(sign_in._actor(asked))
    assert words_for(refused.value) == UPDATED
    _set_revision(home, newest)
    database_for(NOBODY)


def test_it_is_looked_at_now_and_then(home: Home, newest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(server_database, "LOOK_SECONDS", 5.0)
    monkeypatch.setattr(server_database, "monotonic", lambda: now)
    database_for(NOBODY)
    _set_revision(home, "9999")
    now = 104.9
    database_for(NOBODY)
    now = 105.0
    with pytest.raises(NewerDatabaseError):
        database_for(NOBODY)
