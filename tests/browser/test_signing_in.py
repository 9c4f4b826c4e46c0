"""Signing in to a team's dashboard in a real browser: a wrong password, the right one, a viewer's view, the way out."""

from __future__ import annotations

from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect

from bcos_core.access.actor import Role
from bcos_core.accounts.users import Users
from bcos_core.home import Home
from bcos_core.storage.upgrade import open_database
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS
from tests.browser.serving import Server, stop

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(600),
]
PASSWORD = "correct horse battery"


def sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click(delay=50)


def test_in_and_out(home: Home, page: Page) -> None:
    users = Users(open_database(home))
    users.add("Root", Role.ADMIN, password=PASSWORD)
    vic = users.add("Vic", Role.VIEWER, password=PASSWORD)
    server = Server.at_free_port(home, "--team")
    app = server.start()
    page.set_default_timeout(FIRST_VISIT_SECONDS * 1000)
    try:
        page.goto(f"{server.url}/jobs")
        sign_in(page, "Vic", "wrong wrong wrong")
        expect(page.get_by_role("alert")).to_contain_text("No account has this name with this password")
        sign_in(page, "Vic", PASSWORD)
        expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
        expect(page.get_by_text("Vic · viewer")).to_be_visible()
        expect(page.get_by_role("link", name="People")).to_have_count(0)
        assert page.evaluate("document.cookie").find("bcos_session") == -1  # no script reads it
        page.reload()
        expect(page.get_by_text("Vic · viewer")).to_be_visible()
        # A session that ends under an open page: said, and the way back leads to that page.
        page.get_by_role("link", name="Models").click(delay=50)
        expect(page.get_by_role("heading", name="Models", level=1)).to_be_visible()
        users.end_sessions(vic.id)
        page.get_by_role("link", name="Compare").click(delay=50)
        expect(page.get_by_text("You are not signed in any more.")).to_be_visible()
        assert page.url.partition("?")[0] == f"{server.url}/compare"
        page.get_by_role("link", name="Sign in to the dashboard").click(delay=50)
        sign_in(page, "Vic", PASSWORD)
        expect(page.get_by_role("heading", name="Compare", level=1)).to_be_visible()
        page.get_by_role("link", name="Sign out").click(delay=50)
        page.get_by_role("button", name="Sign out").click(delay=50)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        sign_in(page, "Root", PASSWORD)
        page.get_by_role("link", name="People").click(delay=50)
        expect(page.get_by_text("Vic", exact=False).first).to_be_visible()
        with page.expect_download() as started:
            page.get_by_role("button", name="Download as CSV").click(delay=50)
        assert b"sign in" in Path(started.value.path()).read_bytes()
        address = started.value.url
        assert address.startswith(f"{server.url}/media/")
        assert page.request.get(address).status == 200  # with her cookie
        with pytest.raises(HTTPError, match="403"):
            urlopen(address, timeout=20)
        users.disable(vic.id)
    finally:
        stop(app)
