"""The matrix of an answer as a person uses it: rows and labels choose tokens, a part is taken away and checked."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from bcos_core.cli.main import main
from bcos_core.home import Home
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS, settled
from tests.browser.test_generate_in_browser import CLICK, PROMPT, asked
from tests.tiny_language_model import save_language_model

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(420),
]


def test_a_row_chooses_its_token_and_a_part_is_checked(home: Home, address: str, page: Page, tmp_path: Path) -> None:
    save_language_model(home)
    wanted = {"model": "tiny", "prompt": PROMPT, "most": "6", "written": "1", "at": "1", "whole": "1", "part": "2-4"}
    page.goto(f"{address}/generate?{urlencode(wanted)}")
    tokens = page.locator("section.written .token[role=button]")
    labels = page.locator(".st-key-answer-matrix .ytick text")
    expect(labels).to_have_count(6, timeout=FIRST_VISIT_SECONDS * 1000)
    settled(page, labels.first)

    def label_of(place: int) -> Locator:
        return page.locator(f'.st-key-answer-matrix .ytick text[aria-label$="Row {place + 1} of 6"]')

    expect(label_of(1)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("heading", name="Why", exact=False).first).to_be_visible()

    label_of(3).click(**CLICK)
    expect(tokens.nth(3)).to_have_attribute("aria-pressed", "true")
    expect(label_of(3)).to_have_attribute("aria-pressed", "true")
    assert asked(page)["at"] == "3"

    label_of(3).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(tokens.nth(4)).to_have_attribute("aria-pressed", "true")
    expect(label_of(4)).to_have_attribute("aria-pressed", "true")
    assert asked(page)["at"] == "4"

    # A cell of the last row, near its beginning, at the height of its label.
    page.locator(".st-key-answer-matrix").scroll_into_view_if_needed()
    label, plot = label_of(5).bounding_box(), page.locator(".st-key-answer-matrix .nsewdrag").bounding_box()
    assert label is not None and plot is not None
    page.mouse.move(plot["x"] + 12, label["y"] + label["height"] / 2)
    page.mouse.move(plot["x"] + 14, label["y"] + label["height"] / 2)
    page.mouse.down()
    page.mouse.up()
    expect(tokens.nth(5)).to_have_attribute("aria-pressed", "true")
    assert asked(page)["at"] == "5"

    page.locator(".st-key-export-part button").first.click(**CLICK)
    with page.expect_download() as started:
        page.get_by_role("button", name="JSON records", exact=True).click(**CLICK)
    started.value.save_as(tmp_path / "part.json")
    assert main(["rerun", str(tmp_path / "part.json")]) == 0
    expect(page.get_by_text("sum of logits").first).to_be_visible()
