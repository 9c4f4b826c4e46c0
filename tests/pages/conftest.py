"""The dashboard without a browser, on a home of its own for every test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest, app_test

from bcos_core.access.actor import Role
from bcos_core.accounts.sessions import sign_in
from bcos_core.accounts.users import Users
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.job import Job
from bcos_core.jobs.lease import Lease
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.store import JobStore
from bcos_core.storage.upgrade import open_database
from pages.server import roles
from pages.server.rooms import ROOMS

OpenPage = Callable[..., AppTest]
RunningJob = Callable[..., tuple[Job, Lease]]
Team = Callable[[str], None]
PASSWORD = "correct horse battery"


class NavigatedPages(PagesManager):
    """As a server behaves after its first visit: pages are those of `st.navigation`, not of the folder `pages`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        PagesManager.uses_pages_directory = False


@pytest.fixture(autouse=True)
def navigated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_test, "PagesManager", NavigatedPages)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_database: str) -> Home:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("BCOS_ROOTS", raising=False)
    st.cache_data.clear()
    return Home((tmp_path / "home").resolve()).create()


@pytest.fixture
def store(home: Home) -> JobStore:
    return JobStore.open(home)


@pytest.fixture
def team(home: Home, monkeypatch: pytest.MonkeyPatch) -> Team:
    """Root is an admin, Ann and Bob researchers, Vic a viewer; the function signs one of them in."""
    monkeypatch.setenv("BCOS_TEAM", "1")
    users = Users(open_database(home))
    for name, role in (
        ("Root", Role.ADMIN),
        ("Ann", Role.RESEARCHER),
        ("Bob", Role.RESEARCHER),
        ("Vic", Role.VIEWER),
    ):
        users.add(name, role, password=PASSWORD)

    def become(name: str) -> None:
        token = sign_in(open_database(home), name, PASSWORD)
        monkeypatch.setattr(roles, "session_token", lambda: token)

    return become


@pytest.fixture
def open_page(home: Home) -> OpenPage:
    """Open a page (`home`, `train`, …) at an address with these parameters."""

    def open(name: str, /, **parameters: str) -> AppTest:
        at = AppTest.from_file(str(CHECKOUT / "pages" / "navigation.py"), default_timeout=120).run()
        if name != "home":
            at.switch_page(str(ROOMS[name].page) if name in ROOMS else f"{name}/page.py")
        for parameter, value in parameters.items():
            at.query_params[parameter] = value
        return at.run()

    return open


@pytest.fixture
def running_job(store: JobStore) -> RunningJob:
    """A job that runs in this process, with the lease that moves it on."""

    def start(kind: str = "quickstart", title: str = "Quick start") -> tuple[Job, Lease]:
        job, _ = store.begin(kind, title, {}, f"{kind}:{title}", ProcessId.current())
        return job, Lease(store, job.id, 1)

    return start


def button(at: AppTest, label: str) -> Any:
    """The button of that label.

    Raises:
        AssertionError: there is none, or more than one.
    """
    found = [candidate for candidate in at.button if candidate.label == label]
    assert len(found) == 1, [candidate.label for candidate in at.button]
    return found[0]


def words(at: AppTest) -> str:
    """Everything that the page says, without the signs that keep Markdown from acting on it."""
    kinds = (at.title, at.header, at.subheader, at.markdown, at.caption, at.info, at.warning, at.error)
    return "\n".join(
        str(element.value).replace("\\", "").replace("\N{WORD JOINER}", "") for kind in kinds for element in kind
    )
