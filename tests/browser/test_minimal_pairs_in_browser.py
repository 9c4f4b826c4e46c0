"""Minimal pairs as a person asks by them: a file, two models, the run, the pairs, one of them, and on to Generate."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.model.convert import convert
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS, settled
from tests.tiny_language_model import network, save_language_model, tokenizer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(420),
]
CLICK = {"delay": 50}
WAIT = {"timeout": FIRST_VISIT_SECONDS * 1000}
ROWS = [
    {"sentence_good": f"{who} {where} are", "sentence_bad": f"{who} {where} is", "evidence": who.split()[-1]}
    for who in ("The keys", "Mary and <b>John", "The old keys", "They")
    for where in ("to the cabinet", "on the table")
]


def asked(page: Page) -> dict[str, list[str]]:
    """The parameters of the page's address."""
    return parse_qs(urlsplit(page.url).query, keep_blank_values=True)


def test_from_a_file_to_a_pair_and_on_to_generate(home: Home, address: str, page: Page, tmp_path: Path) -> None:
    save_language_model(home, "tiny")
    convert(network(), b=1.1).save_pretrained(home.models / "tiny-bcos")
    tokenizer().save_pretrained(home.models / "tiny-bcos")
    file = tmp_path / "keys.jsonl"
    file.write_text("\n".join(map(json.dumps, ROWS)))
    bad = tmp_path / "bad.csv"
    bad.write_text("text,label\na,b\n")

    page.goto(f"{address}/evaluate?{urlencode({'asked': ['tiny', 'tiny-bcos'], 'paradigm': ''}, doseq=True)}")
    settled(page, page.get_by_role("radio", name="Minimal pairs")).click(**CLICK)
    expect(page.get_by_role("button", name="Ask the models")).to_be_disabled(**WAIT)
    page.get_by_text("Your own pairs", exact=True).click(**CLICK)
    upload = page.locator("input[type=file]")
    upload.set_input_files([str(bad), str(file)])
    expect(page.get_by_text("keys.jsonl: 8 pairs.")).to_be_visible()
    expect(page.get_by_text("Expected minimal pairs as BLiMP has them")).to_be_visible()
    assert len(asked(page)["file"]) == 2
    page.get_by_role("button", name=re.compile("^Methods: ")).click(**CLICK)
    page.get_by_text("Saliency", exact=True).click(**CLICK)
    page.keyboard.press("Escape")
    expect(page.get_by_text(re.compile("passes over the models"))).to_be_visible()
    settled(page, page.get_by_role("button", name="Ask the models")).click(**CLICK)
    expect(page.get_by_role("heading", name="Which word, and why?")).to_be_visible(**WAIT)
    page.wait_for_function("() => location.search.includes('minimal-pairs=')")
    main_part = settled(page, page.get_by_test_id("stMain"))
    expect(main_part).to_contain_text("tiny prefers the right word in")
    expect(main_part).to_contain_text("tiny-bcos prefers the right word in")
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    for title in ("Evidence first", "Share of the positive sum"):
        page.get_by_role("radio", name=title, exact=True).click(**CLICK)
        expect(page.locator(".js-plotly-plot .gtitle", has_text=title)).to_be_visible()

    # The pairs: a search, and a click on the box of the first row.
    page.get_by_label("Text contains").fill("<b>")
    page.get_by_label("Text contains").press("Enter")
    page.wait_for_function("() => location.search.includes('search=')")
    table = settled(page, page.get_by_test_id("stDataFrame").last)
    table.scroll_into_view_if_needed()
    table.click(position={"x": 20, "y": 38 + 35 + 17}, **CLICK)
    page.wait_for_function("() => location.search.includes('pair=')")
    settled(page, page.locator("dl.strips").first)
    strips = page.locator("dl.strips")
    expect(strips).to_have_count(2)
    rows = strips.first.locator(".row")
    assert rows.count() >= 3
    for place in range(rows.count()):
        expect(rows.nth(place).locator(".text")).to_have_text("Mary and <b>John on the table")
        assert "".join(rows.nth(place).locator("mark.word").all_inner_texts()) == "<b>John"
    expect(page.get_by_text("No. 2 of 2 pairs")).to_be_visible()

    page.get_by_role("button", name="Export this pair").click(**CLICK)
    with page.expect_download() as started:
        page.get_by_role("button", name="JSON records", exact=True).click(**CLICK, **WAIT)
    started.value.save_as(tmp_path / "records.json")
    assert main(["rerun", str(tmp_path / "records.json")]) == 0
    page.keyboard.press("Escape")
    with page.expect_download() as started:
        page.get_by_role("button", name="CSV of every pair").click(**CLICK)
    started.value.save_as(tmp_path / "pairs.csv")
    assert (tmp_path / "pairs.csv").read_text().count("\n") == 1 + 8 * 2 * 4

    # A link shows the same.
    page.reload()
    expect(strips).to_have_count(2, **WAIT)
    expect(page.get_by_text("No. 2 of 2 pairs")).to_be_visible()
    page.get_by_role("button", name="Open in Generate").first.click(**CLICK)
    expect(page.get_by_role("heading", name="Generate", exact=True)).to_be_visible(**WAIT)
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("Mary and <b>John on the table", **WAIT)
    expect(page.get_by_role("article").locator(".title")).to_contain_text("rather than", **WAIT)


def test_a_run_can_be_cancelled_and_gone_on_with(home: Home, address: str, page: Page) -> None:
    # So deep that its pairs take many times what a click takes.
    save_language_model(home, max_position_embeddings=2048, num_hidden_layers=48)
    chosen = {"view": "pairs", "asked": "tiny", "paradigm": "agreement", "pairs-limit": "400", "method": "occlusion"}
    page.goto(f"{address}/evaluate?{urlencode(chosen)}")
    settled(page, page.get_by_role("button", name="Ask the models")).click(**CLICK)
    expect(page.get_by_text("Asking tiny")).to_be_visible(**WAIT)
    page.get_by_role("button", name="Cancel", exact=True).click(**CLICK)
    expect(page.get_by_role("button", name="Go on")).to_be_visible(**WAIT)
    page.get_by_role("link", name=re.compile("^Jobs")).click(**CLICK)
    expect(page.get_by_text("Minimal pairs · agreement · 1 method · tiny").first).to_be_visible(**WAIT)
