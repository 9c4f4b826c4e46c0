"""Without a mouse: where the keyboard is after a choice, what a button with a sign alone is called, and what a finger
finds under it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect
from tiny_pair import save_pair

from bcos_core.home import Home
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.store import JobStore
from tests.browser.conftest import CHROMIUM, settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(420),
]


def test_a_choice_keeps_the_keyboard_and_a_sign_says_what_it_does(home: Home, address: str, page: Page) -> None:
    page.goto(f"{address}/train")
    settled(page, page.get_by_role("button", name="Start training", exact=True))
    page.get_by_role("radio", name="MiniLM").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.wait_for_url("**/train?from=folder")
    expect(page.get_by_role("button", name="Start over")).to_be_visible()  # above the choice, which moves down
    expect(settled(page, page.get_by_role("radio", name="Local folder"))).to_be_focused()
    JobStore.open(home).begin("quickstart", "Quick start", {}, "quickstart", ProcessId.current())
    page.goto(f"{address}/jobs")
    sign = settled(page, page.get_by_role("button", name="Cancel Quick start"))
    box = sign.bounding_box()
    assert box is not None and box["width"] < 60  # its words are heard, and take no room


def test_the_buttons_of_a_table_cover_no_field(home: Home, address: str, browser: Browser) -> None:
    save_pair(home)
    phone = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True).new_page()
    phone.goto(f"{address}/models")
    field = settled(phone, phone.get_by_role("textbox", name="Search")).bounding_box()
    buttons = settled(phone, phone.get_by_test_id("stElementToolbar").first).bounding_box()
    assert field is not None and buttons is not None
    assert field["y"] + field["height"] <= buttons["y"]
