"""Batch as a person uses it: a file is sent and explained, all is killed meanwhile, and the result is looked into."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from bcos_core.batch.query import Query, Result
from bcos_core.home import Home
from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.store import JobStore
from bcos_core.numbers import count
from bcos_core.render.batch import Row, batch_page
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS, settled
from tests.browser.serving import Server, kill, stop
from tests.render.records import RECORD
from tests.tiny_pair import save_pair

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(600),
]
CLICK = {"delay": 50}
ROWS = 7_000
PATIENCE_SECONDS = 240.0


def a_file(folder: Path) -> Path:
    """With a mark at its beginning, texts of two lines, markup, and two rows of which nothing can be explained."""
    path = folder / "Film reviews (2026).csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["nr", "review", "label"])
        for n in range(ROWS):
            text = "" if n in (3, 4_000) else f"A {'good' if n % 3 else 'dull'} <b>film</b>,\nnumber {n}."
            writer.writerow([f"r{n}", text, ("positive", "negative")[n % 2]])
    return path


def ended(home: Home) -> Job:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (job := JobStore.open(home).list(kind="batch")[0]).active:
        assert time.monotonic() < deadline, job
        time.sleep(0.2)
    return job


def in_address(page: Page) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_a_file_is_explained_through_a_kill_and_looked_into(home: Home, page: Page, tmp_path: Path) -> None:
    save_pair(home)
    server = Server.at_free_port(home)
    app = server.start()
    try:
        page.goto(f"{server.url}/batch")
        settled(page, page.get_by_role("radio", name="A file")).click(**CLICK)
        page.locator("input[type=file]").set_input_files(a_file(tmp_path))
        expect(page.get_by_text(f"{ROWS:,} rows, 1 method. About")).to_be_visible()
        expect(page.get_by_role("combobox", name="Text column")).to_have_value("review")
        page.get_by_role("button", name="Explain", exact=True).dblclick(**CLICK)
        bar = page.get_by_role("progressbar")
        expect(bar.first).to_be_visible()
        (job,) = JobStore.open(home).list(kind="batch")  # a double click has made one
        shard = job.work / "result" / "part-000000.parquet"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not shard.exists():
            assert time.monotonic() < deadline and JobStore.open(home).get(job.id).active
            time.sleep(0.02)
        begun = JobStore.open(home).get(job.id)
    finally:
        kill(app)
    assert begun.pid is not None
    os.kill(begun.pid, signal.SIGKILL)  # a job outlives the app
    written = shard.stat().st_mtime_ns
    assert not (job.work / "result" / "summary.json").exists()
    app = server.start()
    try:
        page.reload()
        finished = ended(home)
        assert finished.state == JobState.SUCCEEDED and finished.attempt == 2
        assert finished.result is not None and finished.result["rows"] == ROWS
        assert finished.result["here"] <= ROWS - 2_048  # what was there is not done again
        folder = Path(finished.artefacts[0])  # of the second start
        result = Result(folder)
        assert (folder / shard.name).stat().st_mtime_ns == written
        look_into(page, server, result, tmp_path)
    finally:
        stop(app)


def look_into(page: Page, server: Server, result: Result, tmp_path: Path) -> None:
    rows = page.locator("table.batch tbody tr")
    expect(rows).to_have_count(25, timeout=FIRST_VISIT_SECONDS * 1000)
    expect(page.get_by_text("2 rows left out: The text is empty.")).to_be_visible()
    left_out = rows.nth(3)
    expect(left_out).to_contain_text("The text is empty.")
    strip = rows.first.locator(".strip")
    assert strip.inner_text().startswith("A dull <b>film</b>,")  # markup stays text
    expect(strip.locator(".unit").first).to_have_attribute("title", re.compile(r"[−+]?\d"))

    search = page.get_by_label("Text contains", exact=True)
    search.fill("NUMBER 69")
    search.press("Enter")
    found = result.count(Query(words="number 69"))
    expect(page.get_by_text(f"{count(found, 'text')} of {ROWS:,}")).to_be_visible()
    assert found == 111 and in_address(page)["search"] == "NUMBER 69"
    page.get_by_role("button", name="Next", exact=True).click(**CLICK)
    expect(page.get_by_text("Page 2 of 5")).to_be_visible()
    page.reload()  # the address holds what is seen
    expect(page.get_by_text("Page 2 of 5")).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("button", name="Answers (CSV)").click(**CLICK)
    answers = list(csv.DictReader(io.StringIO(Path(started.value.path()).read_text(encoding="utf-8-sig"))))
    assert len(answers) == found and all("number 69" in row["text"] for row in answers)
    with page.expect_download() as started:
        page.get_by_role("button", name="Records (JSON)").click(**CLICK)
    assert len(json.loads(Path(started.value.path()).read_text())) == found

    page.get_by_role("combobox", name="Sorted").click(**CLICK)
    page.get_by_role("option", name="Least sure first").click(**CLICK)
    best = result.page(Query(words="number 69", order="unsure"), 0, 25)
    expect(rows.first.locator(".number").first).to_have_text(str(best[0].row))
    assert "page" not in in_address(page)
    page.locator("table.batch a").first.click(**CLICK)
    expect(page.get_by_role("heading", name="Compare", exact=True, level=1)).to_be_visible()
    assert in_address(page)["text"] == best[0].text
    page.go_back()
    expect(rows.first.locator(".number").first).to_have_text(str(best[0].row))
    search.fill("")
    search.press("Enter")
    expect(page.get_by_text(f"{ROWS:,} texts of {ROWS:,}")).to_be_visible()
    assert sum(pq.read_metadata(path).num_rows for path in result.folder.glob("*.parquet")) == ROWS


def test_on_a_phone_a_row_takes_two_lines_beside_its_text(page: Page) -> None:
    """Answer, how sure and the logit stand side by side, each under its name."""
    page.set_viewport_size({"width": 390, "height": 800})
    page.set_content(batch_page([Row(7, (RECORD,), label="positive")], "Reviews"))
    names = ("Answer", "Label", "Sure", "Logit")
    tops = [page.locator(f'td[data-name="{name}"]').bounding_box()["y"] for name in names]  # type: ignore[index]
    assert len(set(tops)) <= 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
