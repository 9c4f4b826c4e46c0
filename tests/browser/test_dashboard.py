"""The whole way in a real browser: the dashboard is started as a person starts it, a job runs, its heatmap is read."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from playwright.sync_api import Page, expect
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

import bcos_core
from bcos_core.home import Home
from bcos_core.jobs.store import Job, JobStore
from bcos_core.model.sources import embedded_path
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import recipe_for
from bcos_core.train.spec import TrainSpec
from tests.browser.conftest import CHROMIUM

JOB_SECONDS = 180.0

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(420),
]


def submit_tiny_job(home: Home) -> Job:
    """A random BERT of two narrow layers, sixty sentences, one epoch."""
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

    sides = {"good": ("fine", "warm", "witty"), "bad": ("dull", "cold", "clumsy")}
    things = ("film", "story", "ending", "cast", "music", "dialogue", "camera", "script", "plot", "scene")
    table = home.uploads / "sentences.csv"
    rows = [f"the {thing} is {word},{side}" for side, words in sides.items() for thing in things for word in words]
    table.write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")

    task = TaskChoice("file", str(table), text_column="text", label_column="label")
    recipe = replace(recipe_for("calibrated", task), epochs=1.0, max_length=32, precision="fp32")
    spec = TrainSpec(str(source), task, recipe, name="Tiny")
    job, _ = JobStore.open(home).submit("train", "Tiny", spec.to_dict(), spec.key)
    return job


def test_from_a_job_to_its_heatmap(home: Home, address: str, page: Page) -> None:
    job = submit_tiny_job(home)

    page.goto(f"{address}/jobs?job={job.id}")
    expect(page.get_by_role("heading", name="Tiny")).to_be_visible()
    page.get_by_role("button", name="Compare", exact=True).click(timeout=JOB_SECONDS * 1000)

    panel = page.get_by_role("article", name="B-cos contributions")
    expect(panel.locator(".block.meter")).to_be_visible()
    text = page.get_by_label("Text", exact=True).input_value()
    finished = JobStore.open(home).get(job.id)
    assert finished.result is not None
    record = bcos_core.explain(bcos_core.load(finished.result["bcos"]["checkpoint"]), text)

    # Every word of these sentences is one token, so the words' scores are the record's without the added tokens.
    units = panel.locator("button.unit")
    assert units.all_inner_texts() == text.split()
    shown = [float(unit.get_attribute("data-score") or "nan") for unit in units.all()]
    assert shown == pytest.approx(record.scores[1:-1], rel=1e-4, abs=1e-6)

    units.last.click()
    strike = panel.locator(".block.strike li")
    expect(strike).to_have_count(2)
    assert [row.locator(".label").inner_text() for row in strike.all()] == ["predicted", "real"]
    predicted = float(strike.first.locator(".value").inner_text().replace("−", "-"))
    assert predicted == pytest.approx(-record.scores[-2], rel=0.01)
    expect(panel.locator("button[aria-pressed=true]")).to_have_text(text.split()[-1])
    assert "strike=" in page.url
