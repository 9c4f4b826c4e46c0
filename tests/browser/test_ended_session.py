"""An account is switched off while its page is open and a form on it half filled."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from bcos_core.access.actor import Role
from bcos_core.accounts.users import Users
from bcos_core.home import Home
from bcos_core.storage.upgrade import open_database
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS, settled
from tests.browser.serving import Server, stop
from tests.browser.test_signing_in import PASSWORD, sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(600),
]


def test_it_is_said_beside_the_form_and_what_was_typed_is_there_again(home: Home, page: Page) -> None:
    users = Users(open_database(home))
    users.add("Root", Role.ADMIN, password=PASSWORD)
    rita = users.add("Rita", Role.RESEARCHER, password=PASSWORD)
    server = Server.at_free_port(home, "--team")
    app = server.start()
    page.set_default_timeout(FIRST_VISIT_SECONDS * 1000)
    try:
        page.goto(f"{server.url}/train")
        sign_in(page, "Rita", PASSWORD)
        name = page.get_by_label("Name", exact=True)
        settled(page, name).fill("Half a name")
        users.disable(rita.id)
        told = page.get_by_test_id("stSidebar").get_by_text("You are not signed in any more, and nothing here is done")
        expect(told).to_be_visible()
        expect(page.get_by_role("heading", name="Welcome")).to_have_count(0)  # which is for those who never were in
        expect(name).to_have_value("Half a name")
        name.press("Tab")
        way_in = page.get_by_role("link", name="Sign in to the dashboard")
        expect(way_in).to_be_visible()
        page.wait_for_url("**/train?name=*")
        users.enable(rita.id)
        way_in.click(delay=50)
        sign_in(page, "Rita", PASSWORD)
        expect(settled(page, name)).to_have_value("Half a name")
    finally:
        stop(app)
