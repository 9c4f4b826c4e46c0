"""A form that was left half filled, without Enter, is as it was when one comes back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect
from tiny_pair import save_pair

from bcos_core.home import Home
from bcos_core.storage.upgrade import open_database
from bcos_core.study.demo import demo_design
from bcos_core.study.studies import Studies
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS, settled

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


@dataclass
class _SlowWire:
    """A websocket on which what the browser sends waits while `closed`, and then comes at once."""

    closed: bool = False
    _waiting: list[Callable[[], None]] = field(default_factory=list)

    def route(self, browser_side: WebSocketRoute) -> None:
        server_side = browser_side.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            self._waiting.append(lambda: server_side.send(message))
            if not self.closed:
                self.open()

        browser_side.on_message(pass_on)

    def open(self) -> None:
        self.closed = False
        while self._waiting:
            self._waiting.pop(0)()


def _new_study(home: Home, address: str, page: Page) -> tuple[Locator, Locator]:
    """The form for a new study, open, and its title."""
    save_pair(home)
    design = demo_design(home)
    Studies(open_database(home)).create(design.title, design.to_dict())
    page.goto(f"{address}/studies")
    form, title = page.get_by_text("New study", exact=True), page.get_by_role("textbox", name="Title", exact=True).first
    settled(page, form).click()
    expect(title).to_have_value("Which explanation helps?")
    return form, title


def test_what_was_typed_without_enter_is_there_again(home: Home, address: str, page: Page) -> None:
    form, title = _new_study(home, address, page)
    title.fill("My study")
    _go(page, "Compare")
    _go(page, "Studies")
    expect(form).to_be_visible()
    form.click()
    expect(title).to_have_value("My study")
    for label, value in {"How many": "24", "Practice items": "2"}.items():
        expect(page.get_by_label(label, exact=True).first).to_have_value(value)


def test_a_click_on_another_page_does_not_overtake_what_was_typed(home: Home, address: str, page: Page) -> None:
    wire = _SlowWire()
    page.route_web_socket(re.compile("_stcore/stream"), wire.route)
    form, title = _new_study(home, address, page)
    title.fill("My study")
    wire.closed = True
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Compare").click(delay=HAND_MS)
    page.wait_for_function("() => true")  # the click was heard
    wire.open()
    expect(page.get_by_role("heading", name="Compare", exact=True, level=1)).to_be_visible(
        timeout=FIRST_VISIT_SECONDS * 1000
    )
    _go(page, "Studies")
    form.click()
    expect(title).to_have_value("My study")
