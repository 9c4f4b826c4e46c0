"""Generate as a person uses it: a prompt, tokens as they come, a click, a foil, a strike, a link; and Stop."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import torch
from playwright.sync_api import Page, expect
from transformers import AutoTokenizer

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.model.generate import Written, generate
from bcos_core.model.language_model import LanguageModel, load
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS, settled
from tests.tiny_language_model import network, save_language_model

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(420),
]
PROMPT = "Then Mary and <b>John</b> went to the store."
CLICK = {"delay": 50}


def asked(page: Page) -> dict[str, str]:
    """The parameters of the page's address."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(page.url).query, keep_blank_values=True).items()}


def test_a_prompt_is_gone_on_from_and_a_word_asked_about(home: Home, address: str, page: Page, tmp_path: Path) -> None:
    model = load(save_language_model(home))
    steps = list(generate(model, PROMPT, max_tokens=8))
    missing: list[str] = []
    # Streamlit itself looks for its server below the page's own address first.
    page.on(
        "response", lambda got: missing.append(got.url) if got.status >= 400 and "/_stcore/" not in got.url else None
    )
    page.goto(f"{address}/generate?{urlencode({'model': 'tiny', 'most': '8'})}")
    box = settled(page, page.get_by_label("Prompt", exact=True))
    box.fill(PROMPT)
    box.press("Enter")
    tokens = page.locator("section.written .token[role=button]")
    expect(tokens).to_have_count(8, timeout=FIRST_VISIT_SECONDS * 1000)
    assert tokens.all_text_contents() == [step.text or step.alternatives.texts[0] for step in steps]
    expect(page.locator("section.written .prompt")).to_have_text(PROMPT)  # markup stays text
    assert asked(page)["prompt"] == PROMPT

    tokens.nth(4).click(**CLICK)
    panel = page.get_by_role("article")
    expect(panel.locator(".title")).to_contain_text("Why")
    expect(panel.locator(".meter .caption")).to_contain_text("Adds to")
    expect(tokens.nth(4)).to_have_attribute("aria-pressed", "true")
    rows = page.locator("ul.alternatives button")
    assert rows.count() in (10, 11) and rows.first.inner_text().startswith("“")
    rows.nth(2).click(**CLICK)
    expect(panel.locator(".title")).to_contain_text("rather than")
    assert asked(page)["foil"] == str(steps[4].alternatives.ids[2])
    # The row of the foil says so, and its quotation marks stay with their word.
    heights = [rows.nth(place).locator(".token").evaluate("token => token.offsetHeight") for place in (1, 2)]
    assert heights[0] == heights[1]
    page.locator("article button.unit", has_text="Mary").first.click(**CLICK)
    expect(panel.locator(".strike .bars-list li")).to_have_count(2)
    expect(page.locator("article button.unit[aria-pressed=true]").first).to_be_visible()
    word = page.get_by_label("Or another word", exact=True)
    word.fill("zebra")
    word.press("Enter")
    expect(panel.locator(".note", has_text="is compared")).to_be_visible()
    page.wait_for_function("() => location.search.includes('word=zebra') && !location.search.includes('foil=')")

    page.get_by_role("button", name="Export", exact=True).click(**CLICK)
    with page.expect_download() as started:
        page.get_by_role("button", name="HTML page", exact=True).click(**CLICK)
    html = Path(started.value.path()).read_text()
    assert "<b>" not in html and PROMPT in unescape(re.sub(r"<[^>]*>", "", html))  # a word may be several tokens
    with page.expect_download() as started:
        page.get_by_role("button", name="JSON records", exact=True).click(**CLICK)
    assert started.value.suggested_filename.endswith(".json")
    started.value.save_as(tmp_path / "records.json")
    assert main(["rerun", str(tmp_path / "records.json")]) == 0
    page.keyboard.press("Escape")

    shown = panel.inner_text().partition("forward")[0]
    page.reload()
    expect(panel.locator(".strike .bars-list li")).to_have_count(2, timeout=FIRST_VISIT_SECONDS * 1000)
    assert panel.inner_text().partition("forward")[0] == shown
    assert tokens.count() == 8
    assert missing == []


def test_stop_ends_a_text_that_can_go_on(home: Home, address: str, page: Page) -> None:
    # So deep that its 500 tokens take many times what a click takes.
    save_language_model(home, max_position_embeddings=2048, num_hidden_layers=32)
    page.goto(f"{address}/generate?{urlencode({'model': 'tiny', 'prompt': PROMPT, 'most': '500', 'temperature': '0'})}")
    settled(page, page.get_by_role("button", name="Generate", exact=True)).click(**CLICK)
    written = page.locator("section.written")
    expect(written.locator(".token").nth(3)).to_be_visible(timeout=FIRST_VISIT_SECONDS * 1000)
    expect(written).to_have_attribute("aria-busy", "true")
    page.get_by_role("button", name="Stop").click(**CLICK)
    expect(written.locator(".end")).to_have_text("Stopped.")
    stopped = int(asked(page)["stopped"])
    assert 3 < stopped < 500
    assert written.locator(".token[role=button]").count() == stopped
    page.get_by_role("button", name="Go on", exact=True).click(**CLICK)
    expect(written.locator(".token").nth(stopped + 5)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("stopped="))
    expect(written.locator(".end")).to_have_text("Stopped.")
    assert stopped + 5 < int(asked(page)["stopped"]) < 500
    page.get_by_role("button", name="Go on", exact=True).click(**CLICK)
    expect(written.locator(".end")).to_have_text("It was asked for no more tokens.")
    expect(written.locator(".token[role=button]")).to_have_count(500)


def test_words_that_are_clicked_one_after_another_are_all_struck(home: Home, address: str, page: Page) -> None:
    # So deep that a strike takes longer than the next click.
    save_language_model(home, num_hidden_layers=32)
    link = {"model": "tiny", "prompt": PROMPT, "written": "1", "most": "2", "at": "1", "granularity": "word"}
    page.goto(f"{address}/generate?{urlencode(link)}")
    words = page.locator("article button.unit")
    settled(page, words.nth(7))
    expect(page.get_by_text("Click words to strike them out")).to_be_visible()
    places = [words.nth(place).bounding_box() for place in range(6)]
    for box in places:  # no waiting for what is drawn meanwhile: words stay where they are
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, **CLICK)
    expect(page.locator("article button.unit[aria-pressed=true]")).to_have_count(6)
    assert len(asked(page)["strike"].split(",")) == 6


def test_a_line_break_ends_a_line_and_is_a_token_to_click(home: Home, address: str, page: Page) -> None:
    model = load(save_language_model(home))
    seed, written = _with_line_break(model)
    at = next(place for place, step in enumerate(written) if step.text == "\n")
    link = {"model": "tiny", "prompt": PROMPT, "written": "1", "most": len(written), "temperature": "1", "seed": seed}
    page.goto(f"{address}/generate?{urlencode(link)}")
    tokens = page.locator("section.written .token[role=button]")
    expect(tokens).to_have_count(len(written), timeout=FIRST_VISIT_SECONDS * 1000)
    settled(page, tokens.nth(at))
    before, broken, after = (tokens.nth(place).bounding_box() for place in (at - 1, at, at + 1))
    assert before is not None and broken is not None and after is not None
    assert broken["width"] > 5
    assert after["y"] > before["y"] + before["height"] / 2 and after["x"] < broken["x"]
    tokens.nth(at).click(**CLICK)
    panel = page.get_by_role("article")
    expect(panel.locator(".title")).to_contain_text("Why “⏎”")
    tokens.nth(at).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(tokens.nth(at + 1)).to_have_attribute("aria-pressed", "true")
    page.wait_for_function(f"() => location.search.includes('at={at + 1}')")


UNSEEN = ("\u200b", "\u0301", "    ")
"""A space of no width, an accent that stands on the letter before it, an indentation."""


def test_every_token_can_be_clicked_though_nobody_would_see_it(home: Home, address: str, page: Page) -> None:
    seed, written = _with_unseen(_save_with_unseen(home))
    link = {"model": "tiny", "prompt": PROMPT, "written": "1", "most": len(written), "temperature": "1", "seed": seed}
    page.set_viewport_size({"width": 390, "height": 900})  # tokens stand at the ends of lines, too
    page.goto(f"{address}/generate?{urlencode(link)}")
    tokens = page.locator("section.written .token[role=button]")
    expect(tokens).to_have_count(len(written), timeout=FIRST_VISIT_SECONDS * 1000)
    for text in UNSEEN:
        place = next(place for place, step in enumerate(written) if step.text == text)
        settled(page, page.locator("section.written"))  # a panel that comes moves the words
        # Below an accent there is a dot.
        x, y = tokens.nth(place).evaluate(
            """node => {
              node.scrollIntoView({block: "center"});
              const box = [...node.getClientRects()].at(-1);
              const dot = node.matches(".mark");
              return [box.left + box.width / 2, dot ? box.bottom + 2 : (box.top + box.bottom) / 2];
            }"""
        )
        page.mouse.click(x, y, **CLICK)
        expect(tokens.nth(place)).to_have_attribute("aria-pressed", "true")
        page.wait_for_function(f"() => new URLSearchParams(location.search).get('at') === '{place}'")
        seen = {"\u200b": "<U+200B>", "\u0301": "◌\u0301", "    ": "␣␣␣␣"}[text]
        expect(page.get_by_role("article").locator(".title")).to_contain_text(f"Why “{seen}”")


def test_a_share_that_nobody_would_see_is_coloured_and_can_be_struck_out(home: Home, address: str, page: Page) -> None:
    save_language_model(home)
    link = {
        "model": "tiny",
        "prompt": "a\u200bb e\u0301",
        "written": "1",
        "most": "1",
        "at": "0",
        "granularity": "token",
    }
    page.goto(f"{address}/generate?{urlencode(link)}")
    words = page.locator("article button.unit")
    expect(words).to_have_text(["a", "<U+200B>", "b", "e", "◌\u0301"], timeout=FIRST_VISIT_SECONDS * 1000)
    settled(page, words.last)
    for place in (1, 4):
        box = words.nth(place).bounding_box()
        assert box is not None and box["width"] > 5
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, **CLICK)
        expect(words.nth(place)).to_have_attribute("aria-pressed", "true")


def _save_with_unseen(home: Home) -> LanguageModel:
    """The tiny model with tokens that are drawn as nothing or nearly so, which it likes to write."""
    folder = home.create().models / "tiny"
    found = AutoTokenizer.from_pretrained(save_language_model(home))
    first = len(found)
    found.add_tokens(list(UNSEEN))
    model = network(vocab_size=len(found))
    with torch.no_grad():
        model.lm_head.weight[first:] *= 3
    model.save_pretrained(folder)
    found.save_pretrained(folder)
    return load(folder)


def _with_unseen(model: LanguageModel) -> tuple[int, list[Written]]:
    """A seed by which the model writes all of `UNSEEN`, and all that it writes then."""
    for seed in range(300):
        written = list(generate(model, PROMPT, max_tokens=30, temperature=1.0, seed=seed))
        if {step.text for step in written} >= set(UNSEEN):
            return seed, written
    raise AssertionError("no seed gave all of them")


def _with_line_break(model: LanguageModel) -> tuple[int, list[Written]]:
    """A seed by which the model writes a line break between two tokens that are seen, and all that it writes then."""
    for seed in range(1000):
        written = list(generate(model, PROMPT, max_tokens=12, temperature=1.0, seed=seed))
        texts = [step.text for step in written]
        if any(
            texts[place] == "\n" and texts[place - 1].strip() and texts[place + 1].strip()
            for place in range(1, len(texts) - 1)
        ):
            return seed, written
    raise AssertionError("no seed gave a line break")
