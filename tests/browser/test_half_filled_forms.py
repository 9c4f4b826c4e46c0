"""A form that was left half filled, without Enter, is as it was when one comes back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tiny_pair import save_pair

from bcos_core.home import Home
from bcos_core.storage.upgrade import open_database
from bcos_core.study.demo import demo_design
from bcos_core.study.studies import Studies
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(600),
]


HAND_MS = 100
"""Between pressing and letting go. A click of no time at all is sent before the change of the field that it leaves."""


def _go(page: Page, room: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=room).click(delay=HAND_MS)
    expect(page.get_by_role("heading", name=room, exact=True, level=1)).to_be_visible(
        timeout=FIRST_VISIT_SECONDS * 1000
    )


def test_what_was_typed_without_enter_is_there_again(home: Home, address: str, page: Page) -> None:
    save_pair(home)
    design = demo_design(home)
    Studies(open_database(home)).create(design.title, design.to_dict())
    page.goto(f"{address}/studies")
    form, title = page.get_by_text("New study", exact=True), page.get_by_role("textbox", name="Title", exact=True).first
    expect(form).to_be_visible(timeout=FIRST_VISIT_SECONDS * 1000)
    # A run of the page that still draws puts every field back to what it last heard of it.
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=FIRST_VISIT_SECONDS * 1000)
    form.click()
    expect(title).to_have_value("Which explanation helps?")
    title.fill("My study")
    _go(page, "Compare")
    _go(page, "Studies")
    expect(form).to_be_visible()
    form.click()
    expect(title).to_have_value("My study")
    for label, value in {"How many": "24", "Practice items": "2"}.items():
        expect(page.get_by_label(label, exact=True).first).to_have_value(value)
