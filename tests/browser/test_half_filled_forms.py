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


def _go(page: Page, room: str) -> None:
    """By the sidebar, as often as it takes: a click that ends a change in a field may only do that."""
    link = page.get_by_test_id("stSidebarNav").get_by_role("link", name=room)
    for _ in range(3):
        link.click()
        try:
            expect(page.get_by_role("heading", name=room, exact=True, level=1)).to_be_visible(timeout=20_000)
            return
        except AssertionError:
            continue
    raise AssertionError(f"{room} does not open")


@pytest.mark.parametrize(
    ("room", "form", "field", "typed", "others"),
    [
        ("Studies", "New study", "Title", "My study", {"How many": "24", "Practice items": "2"}),
    ],
)
def test_what_was_typed_without_enter_is_there_again(
    home: Home, address: str, page: Page, room: str, form: str, field: str, typed: str, others: dict[str, str]
) -> None:
    save_pair(home)
    design = demo_design(home)
    Studies(open_database(home)).create(design.title, design.to_dict())
    page.goto(f"{address}/{room.lower()}")
    opener = page.get_by_text(form, exact=True)
    expect(opener).to_be_visible(timeout=FIRST_VISIT_SECONDS * 1000)
    box = page.get_by_role("textbox", name=field, exact=True)
    if not box.first.is_visible():
        opener.click()
    box.first.fill(typed)
    _go(page, "Compare")
    _go(page, room)
    expect(opener).to_be_visible()
    if not box.first.is_visible():
        opener.click()
    expect(box.first).to_have_value(typed)
    for label, value in others.items():
        expect(page.get_by_label(label, exact=True).first).to_have_value(value)
