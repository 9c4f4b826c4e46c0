"""Train as a person uses it: a folder of text files is typed, counted, and handed to a job."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.text.running import TextSource
from bcos_core.train.language.job import LANGUAGE_MODEL
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS, settled
from tests.train.small_language_task import sentences, write_language_inputs

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(420),
]
CLICK = {"delay": 50}


def test_a_typed_folder_is_counted_and_trained_on(home: Home, address: str, page: Page) -> None:
    model, _ = write_language_inputs(home.uploads / "models")
    folder = home.uploads / "novels"
    folder.mkdir()
    texts = sentences()[:40]
    for place, text in enumerate(texts):
        (folder / f"{place}.txt").write_text(text)
    asked = {"kind": "language-model", "from": "folder", "folder": str(model), "max_length": "32"}
    page.goto(f"{address}/train?{urlencode(asked)}")
    settled(page, page.get_by_role("radio", name="Folder of .txt files")).click(**CLICK)
    field = page.get_by_label("Folder of texts", exact=True)
    field.fill(str(home.root.parent))
    field.press("Enter")
    alert = page.get_by_role("alert").filter(has_text="BCOS_ROOTS")
    expect(alert).to_be_visible()
    start = page.get_by_role("button", name="Start training", exact=True)
    expect(start).to_be_disabled()
    field.fill(str(folder))
    field.press("Enter")
    counted = page.get_by_text(f"40 .txt files, {sum(map(len, texts)):,} characters.")
    expect(counted).to_be_visible()
    expect(alert).to_have_count(0)
    page.reload()  # the folder is in the address
    expect(counted).to_be_visible(timeout=FIRST_VISIT_SECONDS * 1000)
    expect(start).to_be_enabled()
    start.click(**CLICK)
    expect(page.get_by_role("heading", name="Jobs", exact=True, level=1)).to_be_visible()
    (job,) = JobStore.open(home).list()
    assert LANGUAGE_MODEL.read(job.spec).texts == TextSource("file", str(folder))


def test_a_double_click_on_start_makes_one_job_and_shows_it(home: Home, address: str, page: Page) -> None:
    model, _ = write_language_inputs(home.uploads / "models")
    asked = {"kind": "language-model", "from": "folder", "folder": str(model), "max_length": "32", "name": "Speaker"}
    page.goto(f"{address}/train?{urlencode(asked)}")
    start = page.get_by_role("button", name="Start training", exact=True)
    expect(settled(page, start)).to_be_enabled()
    start.dblclick(**CLICK)
    expect(page.get_by_role("heading", name="Jobs", exact=True, level=1)).to_be_visible()
    (job,) = JobStore.open(home).list()
    expect(page).to_have_url(f"{address}/jobs?job={job.id}")
    page.go_back()
    expect(page.get_by_role("heading", name="Train", exact=True, level=1)).to_be_visible()
    JobStore.open(home).cancel(job.id)
