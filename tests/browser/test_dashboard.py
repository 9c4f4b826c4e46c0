"""The whole way in a real browser: the dashboard is started as a person starts it, a job runs, its heatmap is read."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

import bcos_core
from bcos_core.home import Home
from bcos_core.jobs.store import Job, JobStore
from bcos_core.model.sources import embedded_path
from bcos_core.text.pair import pair
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import recipe_for
from bcos_core.train.spec import TrainSpec
from tests.browser.conftest import CHROMIUM, settled

JOB_SECONDS = 180.0

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(420),
]


SIDES = {"good": ("fine", "warm", "witty"), "bad": ("dull", "cold", "clumsy")}
THINGS = ("film", "story", "ending", "cast", "music", "dialogue", "camera", "script", "plot", "scene")


def submit_tiny_job(home: Home, rows: list[str], task: dict[str, str]) -> Job:
    """A random BERT of two narrow layers, one epoch on sixty rows, the first of which names the columns."""
    tokenizer = AutoTokenizer.from_pretrained(embedded_path())
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=128,
        initializer_range=0.3,
    )
    source = home.root / "tiny-bert"
    BertForSequenceClassification(config).save_pretrained(source)
    tokenizer.save_pretrained(source)

    table = home.uploads / "sentences.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    choice = TaskChoice("file", str(table), label_column="label", **task)
    recipe = replace(recipe_for("calibrated", choice), epochs=1.0, max_length=32, precision="fp32")
    spec = TrainSpec(str(source), choice, recipe, name="Tiny")
    job, _ = JobStore.open(home).submit("train", "Tiny", spec.to_dict(), spec.key)
    return job


def panel_of(job: Job, address: str, page: Page) -> Locator:
    """The B-cos panel that the job's own button leads to."""
    page.goto(f"{address}/jobs?job={job.id}")
    expect(page.get_by_role("heading", name="Tiny")).to_be_visible()
    compare = page.get_by_role("button", name="Compare", exact=True)
    expect(compare).to_be_visible(timeout=JOB_SECONDS * 1000)
    settled(page, compare).click()
    panel = page.get_by_role("article", name="B-cos contributions")
    expect(panel.locator(".mark.exact")).to_be_visible()
    return panel


def predicted_in(panel: Locator) -> float:
    """The change that a panel predicts for the struck words."""
    change = panel.locator(".change")
    expect(change).to_be_visible()
    return float(change.inner_text().removeprefix("predicts").strip().replace("−", "-"))


def test_from_a_job_to_its_heatmap(home: Home, address: str, page: Page) -> None:
    rows = [f"the {thing} is {word},{side}" for side, words in SIDES.items() for thing in THINGS for word in words]
    job = submit_tiny_job(home, ["text,label", *rows], {"text_column": "text"})
    panel = panel_of(job, address, page)
    box = page.get_by_label("Text", exact=True)
    expect(box).not_to_have_value("")  # a box is drawn before it has its text
    text = box.input_value()
    finished = JobStore.open(home).get(job.id)
    assert finished.result is not None
    record = bcos_core.explain(bcos_core.load(finished.result["bcos"]["checkpoint"]), text)

    # Every word of these sentences is one token, so the words' scores are the record's without the added tokens.
    units = panel.locator("button.unit")
    assert units.all_inner_texts() == text.split()
    shown = [float(unit.get_attribute("data-score") or "nan") for unit in units.all()]
    assert shown == pytest.approx(record.scores[1:-1], rel=1e-4, abs=1e-6)

    units.last.click()
    assert predicted_in(panel) == pytest.approx(-record.scores[-2], rel=0.01)
    expect(page.get_by_text(re.compile("^Real change: "))).to_have_count(2)  # once for each model
    expect(panel.locator("button[aria-pressed=true]")).to_have_text(text.split()[-1])
    assert "strike=" in page.url


def test_a_pair_of_texts_from_a_job_to_its_heatmap(home: Home, address: str, page: Page) -> None:
    rows = [
        f"the {thing} is {word},it is {SIDES[side][place - 1]},{side}"
        for side, words in SIDES.items()
        for thing in THINGS
        for place, word in enumerate(words)
    ]
    columns = {"text_column": "premise", "second_column": "hypothesis"}
    job = submit_tiny_job(home, ["premise,hypothesis,label", *rows], columns)
    panel = panel_of(job, address, page)
    boxes = [page.get_by_label(name, exact=True) for name in ("First text (premise)", "Second text (hypothesis)")]
    # A box is drawn before it has its text.
    for box, beginning in zip(boxes, ("the ", "it is "), strict=True):
        expect(box).to_have_value(re.compile("^" + beginning))
    first, second = (box.input_value() for box in boxes)
    finished = JobStore.open(home).get(job.id)
    assert finished.result is not None
    model = bcos_core.load(finished.result["bcos"]["checkpoint"])
    record = bcos_core.explain(model, pair(first, second))

    units = panel.locator("button.unit")
    assert units.all_inner_texts() == [*first.split(), *second.split()]
    headings = panel.locator(".heading")
    expect(headings).to_have_text([re.compile("^First text"), re.compile("^Second text")])
    shares = [float(share.replace("−", "-")) for share in panel.locator(".share").all_inner_texts()]
    # [CLS], the first text's words, [SEP], the second's, [SEP]
    border = 1 + len(first.split())
    expected = [sum(record.scores[1:border]), sum(record.scores[border + 1 : -1])]
    assert shares == pytest.approx(expected, rel=0.02, abs=2e-3)

    units.last.click()
    assert predicted_in(panel) == pytest.approx(-record.scores[-2], rel=0.01)

    boxes[1].fill("")
    boxes[1].press("Enter")
    expect(page.get_by_text("Type the second text too.")).to_be_visible()
    boxes[1].fill("it is awful")
    boxes[1].press("Enter")
    expect(units.last).to_have_text("awful")
    assert boxes[0].input_value() == first and "%1F" in page.url
