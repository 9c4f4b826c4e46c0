"""A page that Streamlit's browser part has taken away comes back by itself, and is not loaded again and again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import CHROMIUM, settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(420),
]
TAKEN_AWAY = 'document.getElementById("root").replaceChildren()'
"""What React does with all that it has drawn when drawing has thrown."""


def test_a_blank_page_is_loaded_anew_once(address: str, browser: Browser) -> None:
    page = browser.new_page()  # which may throw: what it would draw next has lost its place
    page.goto(f"{address}/train?task=tweets")
    title = page.get_by_role("heading", name="Train", level=1)
    settled(page, title)
    loads: list[str] = []
    page.on("load", lambda loaded: loads.append(loaded.url))
    page.evaluate(TAKEN_AWAY)
    settled(page, title)
    assert loads == [f"{address}/train?task=tweets"]
    page.evaluate(TAKEN_AWAY)
    # What would load it has run by then: observers are told before a promise of the page itself is kept.
    page.evaluate("Promise.resolve()")
    expect(title).to_have_count(0)
    assert len(loads) == 1
