"""Whoever comes first, many at once, by the raw wire: nobody sees more than their own page."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from bcos_core.access.actor import Role
from bcos_core.accounts.users import Users
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.store import JobStore
from bcos_core.storage.upgrade import open_database
from bcos_core.study.raters import Raters
from pages.server.rooms import ROOMS
from tests.browser.serving import Server, stop
from tests.server.conftest import Serve
from tests.server.provider import ISSUER, signed, user, write_secrets
from tests.server.wire import Wire, race, wire
from tests.study.world import World, make_world

PAGES = tuple(ROOMS)
WELCOME = "Open the link of your invitation"
SECRET = "The title of a job"
# One round in the suite; BCOS_RACES=100 runs as many, each on a server that has never answered anybody.
ROUNDS = int(os.environ.get("BCOS_RACES", "1"))


def fill(home: Home) -> World:
    """Something to be seen on every page."""
    JobStore.open(home).submit("train", SECRET, {}, "key")
    return make_world(home)


def assert_nothing_shown(heard: Wire, world: World) -> None:
    said = heard.said
    assert WELCOME in said, said[-2000:]
    for secret in (SECRET, world.locked.design.title, "tiny-bcos", "Queue", "Delete", "deployed_code"):
        assert secret not in said
    named = {page for page in PAGES if f'page_name: "{page}"' in said or f'url_pathname: "{page}"' in said}
    assert len(named) <= 1  # the one that was asked for, said back
    assert heard.fragments == []


@pytest.mark.timeout(60 + 30 * ROUNDS)
def test_racing_strangers_are_let_in_nowhere(home: Home) -> None:
    world = fill(home)
    for _ in range(ROUNDS):
        server = Server.at_free_port(home, "--raters")
        app = server.start()
        try:
            for heard in asyncio.run(race(server.url, PAGES)):
                assert_nothing_shown(heard, world)
        finally:
            stop(app)
    assert [job.title for job in JobStore.open(home).list()] == [SECRET]


@pytest.fixture
def provider(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server with an identity provider, whose cookies this test can sign."""
    monkeypatch.setenv("STREAMLIT_SECRETS_FILES", str(write_secrets(tmp_path / "secrets.toml")))
    Users(open_database(home)).add("Ada", Role.ADMIN, issuer=ISSUER, subject="ada")


async def come_as(url: str, subject: str, page: str, *, fragment: str = "") -> Wire:
    """A run of a page by whoever the provider calls so."""
    cookie = signed(user(subject, origin=url, email_verified=True))
    token = generate_xsrf_token_string()
    cookies = {"Cookie": f"_streamlit_user={cookie}; _streamlit_xsrf={token}"}
    # The page sends the token twice: in the cookie, and where a page elsewhere cannot put it.
    async with wire(url, headers=cookies, protocols=("streamlit", token)) as opened:
        await opened.run(page)
        if fragment:
            await opened.ask(page, fragment=fragment)
            await opened.listen(seconds=2.0)
        return opened


@pytest.mark.timeout(60 + 30 * ROUNDS)
def test_racing_people_who_are_logged_in_and_no_researchers(provider: None, home: Home) -> None:
    """The same server lets a researcher in, and nobody beside her or after her."""
    world = fill(home)

    async def visits(url: str) -> tuple[list[Wire], Wire, list[Wire]]:
        first = await asyncio.gather(*(come_as(url, "eve", page) for page in PAGES for _ in range(2)))
        ada = await come_as(url, "ada", "jobs")
        again = await asyncio.gather(*(come_as(url, "eve", "jobs", fragment=one) for one in ada.fragments))
        return first, ada, again

    for _ in range(ROUNDS):
        server = Server.at_free_port(home)
        app = server.start()
        try:
            first, ada, again = asyncio.run(visits(server.url))
        finally:
            stop(app)
        assert SECRET in ada.said and ada.fragments and again
        for heard in (*first, *again):
            assert_nothing_shown(heard, world)
            assert "eve" in heard.said  # who the server takes them for


def test_a_rater_sees_the_items_and_no_page(home: Home, serve: Serve) -> None:
    world = fill(home)
    joined = Raters(open_database(home)).join(world.token)
    Raters(open_database(home)).consent(joined.rater.id)
    server = serve("--raters")
    query = f"rater={joined.resume_token}"

    async def visits() -> list[Wire]:
        async def visit(page: str) -> Wire:
            async with wire(server.url) as opened:
                return await opened.run(page, query=query)

        return list(await asyncio.gather(*(visit(page) for page in ("rate", "rate", *PAGES, *PAGES))))

    mine, also_mine, *others = asyncio.run(visits())
    assert "study_item" in mine.said and "study_item" in also_mine.said
    for heard in others:
        assert_nothing_shown(heard, world)
    for heard in (mine, also_mine, *others):
        for frame in heard.frames:  # neither where the server's files are, nor what is compared
            assert str(CHECKOUT).encode() not in frame and str(home.root).encode() not in frame
            assert b"B-cos" not in frame
        assert 'title: "Study"' in heard.said
