"""Home in a real browser: heatmaps without a click, a clicked word with its changes, and what runs, as it moves."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tiny_pair import save_pair

import bcos_core
from bcos_core.home import Home
from bcos_core.jobs.lease import Lease
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.store import JobStore
from bcos_core.text.tasks import TaskChoice, load_task
from tests.browser.conftest import CHROMIUM, settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(420),
]


def test_a_word_is_struck_out_on_home(home: Home, address: str, page: Page) -> None:
    choice = TaskChoice("embedded", "short-reviews")
    save_pair(home, task=choice.to_dict())
    page.goto(address)
    panel = page.get_by_role("article", name="B-cos contributions")
    units = panel.locator("button.unit")
    settled(page, units.first)
    expect(page.get_by_role("article", name="Integrated gradients").locator("button.unit").first).to_be_visible()

    word, score = units.last.inner_text(), float(units.last.get_attribute("data-score") or "nan")
    units.last.click()
    changes = panel.locator(".block.strike li .value")
    expect(changes).to_have_count(2)
    assert float(changes.first.inner_text().replace("−", "-")) == pytest.approx(-score, rel=0.01, abs=1e-3)
    expect(page.locator("button[aria-pressed=true]")).to_have_text([word, word])
    expect(page.get_by_text(f"Struck out: “{word}”")).to_be_visible()
    expect(page.get_by_role("article").locator(".block.strike")).to_have_count(2)

    example = int(page.url.partition("example=")[2].partition("&")[0])
    text = load_task(choice).test.texts[example]
    record = bcos_core.explain(bcos_core.load(home.models / "tiny-bcos"), text)
    assert score == pytest.approx(record.scores[-2], rel=1e-4, abs=1e-6)
    page.get_by_role("button", name="Compare all methods").click()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect(page.locator("button[aria-pressed=true]").first).to_have_text(word)


def test_the_line_of_a_running_job_moves_with_it(home: Home, address: str, page: Page) -> None:
    store = JobStore.open(home)
    job, _ = store.begin("quickstart", "Quick start", {}, "quickstart:Quick start", ProcessId.current())
    lease = Lease(store, job.id, 1)
    lease.beat({"stage": "Fitting the converted layers", "progress": 0.05})
    page.goto(address)
    line = page.get_by_role("button", name=re.compile("^Quick start"))  # beside it: to cancel it
    expect(line).to_contain_text("Fitting the converted layers · 5 %")
    lease.beat({"stage": "Fine-tuning the B-cos model", "progress": 0.4})
    expect(line).to_contain_text("Fine-tuning the B-cos model · 40 %")
