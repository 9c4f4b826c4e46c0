"""The whole way in a real browser: the dashboard is started as a person starts it, a job runs, its heatmap is read."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest
import torch
from playwright.sync_api import Page, expect, sync_playwright
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

import bcos_core
from bcos_core.cli.train import train_argv
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.store import Job, JobStore
from bcos_core.model.sources import embedded_path
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import recipe_for
from bcos_core.train.spec import TrainSpec

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# No profile to be set up, no sandbox (tests may run as root), and not a word to the outside.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_SECONDS = 90.0
JOB_SECONDS = 180.0
STEP_SECONDS = 60.0

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(420),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BCOS_QUICKSTART", "0")
    monkeypatch.delenv("BCOS_DATABASE_URL", raising=False)
    return Home((tmp_path / "home").resolve()).create()


@pytest.fixture
def address(home: Home) -> Iterator[str]:
    """A running dashboard; it and its supervisor are ended afterwards as Ctrl-C would."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "bcos_core", "app", "--port", str(port), "--no-browser"]
    log = home.root / "dashboard.log"
    with log.open("wb") as output:
        app = subprocess.Popen(command, cwd=CHECKOUT, stdout=output, stderr=subprocess.STDOUT, env=dict(os.environ))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        app.send_signal(signal.SIGTERM)
        try:
            app.wait(30)
        except subprocess.TimeoutExpired:
            app.kill()
            app.wait()
        sys.stdout.write(log.read_text(errors="replace"))  # pytest shows it when the test fails


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.set_default_timeout(STEP_SECONDS * 1000)
        expect.set_options(timeout=STEP_SECONDS * 1000)
        yield page
        browser.close()


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
    job, _ = JobStore.open(home).submit("train", "Tiny", train_argv(spec), spec.to_dict(), spec.key)
    return job


def open_when_up(page: Page, url: str) -> None:
    """Load a page as soon as the server answers."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urlopen(f"{url}/_stcore/health", timeout=1):
                break
        except OSError:
            assert time.monotonic() < deadline, f"The dashboard did not answer within {START_SECONDS:g} s."
            time.sleep(0.1)
    page.goto(url)


def test_from_a_job_to_its_heatmap(home: Home, address: str, page: Page) -> None:
    open_when_up(page, address)
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
