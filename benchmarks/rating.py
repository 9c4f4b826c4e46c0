"""How long raters wait for the next item while twenty of them are at work, on this machine."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from bcos_core.home import CHECKOUT, Home
from bcos_core.model.checkpoint import save_checkpoint
from bcos_core.model.classifier import load
from bcos_core.progress import SilentReporter
from bcos_core.reproduce.measures.subjects import Subjects, load_subjects
from bcos_core.storage.upgrade import open_database
from bcos_core.study.design import Condition, StudyDesign
from bcos_core.study.invites import Invitations, InviteKind
from bcos_core.study.locking import lock
from bcos_core.study.raters import Raters
from bcos_core.study.selection import Candidate, Source
from bcos_core.study.studies import Studies
from tests.browser.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.browser.serving import Server, kill

RATERS = 20
IN_BROWSER = 4
"""So many of them in a browser, where the times are taken; the others load the app alike, and draw nothing: twenty
pages would need more of two cores than the app does (measured: 3.2 items a second, of which the app took 0.3 cores)."""
ITEMS = 40
SECONDS = 60.0
FIRST_VISIT_SECONDS = 180.0
# A rater of the rating protocol, inside the page, so that nobody's driver is measured: reads for 2 to 4 s, answers
# both questions, goes on as soon as the page lets them. Times in ms: from the last answer's key to its being saved
# and Next being free, and from the key for Next to the next item's text in a drawn frame.
_PILOT = """() => {
  const times = (window.times = []);
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const host = () => [...document.querySelectorAll('[data-testid^="stBidi"]')].find((one) => one.shadowRoot)?.shadowRoot
    ?? [...document.querySelectorAll("*")].find((one) => one.shadowRoot?.querySelector(".item"))?.shadowRoot;
  const item = () => host()?.querySelector(".item");
  const next = () => [...document.querySelectorAll("button")].find((one) => one.innerText.startsWith("Next"));
  const press = (key, keyCode) => document.body.dispatchEvent(
    new KeyboardEvent("keydown", { key, code: key, keyCode, which: keyCode, bubbles: true, composed: true }));
  const until = async (true_) => { while (!true_()) await pause(5); };
  const drawn = () => new Promise((done) => requestAnimationFrame(() => done(performance.now())));
  const rate = async () => {
    for (;;) {
      await until(() => item()?.querySelectorAll(".choice").length);
      const slot = item().shownSlot;
      await pause(2000 + 2000 * Math.random());
      for (const [place] of [...item().querySelectorAll(".question")].entries()) {
        if (place) await pause(600);
        press(String(1 + Math.floor(5 * Math.random())), 49);
      }
      const answered = performance.now();
      await until(() => item()?.querySelector(".status").textContent === "Saved" && next() && !next().disabled);
      const saved = performance.now();
      next().click();
      await until(() => item() && item().shownSlot !== slot && item().querySelector(".text")?.textContent);
      const shown = await drawn();
      times.push({ saved: saved - answered, next: shown - saved, all: shown - answered });
    }
  };
  rate();
}"""


def next_item(subjects: Subjects | None = None) -> dict[str, float]:
    """Milliseconds with 20 raters at work, each of whom answers an item about every four seconds: an answer saved,
    the next item shown, and both together. Wanted: the next item within 500.

    Nothing where chromium is not installed."""
    if CHROMIUM is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").create()
        token = _open_study(home, subjects or load_subjects())
        raters = Raters(open_database(home))
        keys = []
        for _ in range(RATERS):
            joined = raters.join(token)
            raters.consent(joined.rater.id)
            keys.append(joined.resume_token)
        server = Server.at_free_port(home, "--raters")
        app = server.start()
        try:
            with sync_playwright() as playwright, _others(server.url, keys[IN_BROWSER:]):
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
                pages = _at_work(browser, [f"{server.url}/rate?rater={key}" for key in keys[:IN_BROWSER]])
                before = _cpu_seconds(app.pid)
                pages[0].wait_for_timeout(1000 * SECONDS)
                server_seconds = _cpu_seconds(app.pid) - before
                times = [time for page in pages for time in page.evaluate("window.times")]
                browser.close()
        finally:
            kill(app)
    return _figures(times, server_seconds)


def _open_study(home: Home, subjects: Subjects) -> str:
    """An open study of real sentences under two methods; the token of its link."""
    folder = home.models / "bench"
    labels = subjects.data.labels
    save_checkpoint(subjects.bcos, subjects.tokenizer, folder, labels=labels, max_length=64)
    conditions = (Condition(str(folder), "bcos"), Condition(str(folder), "input_x_gradient"))
    design = StudyDesign(
        "How long it takes",
        conditions=conditions,
        source=Source(count=ITEMS),
        items_per_rater=ITEMS,
        raters_per_item=RATERS,
        practice=0,
        instructed=0,
    )
    test = subjects.data.test
    texts = [Candidate(text, labels[label], True) for text, label in zip(test.texts[:400], test.classes, strict=False)]
    locked = lock(design, texts, load, SilentReporter())
    database = open_database(home)
    studies = Studies(database)
    study = studies.create(design.title, design.to_dict())
    studies.lock(study, locked.to_dict(), locked.hash)
    studies.open(study.id)
    return Invitations(database).create(study.id, InviteKind.OPEN, cap=RATERS)[1]


@contextmanager
def _others(url: str, keys: list[str]) -> Iterator[None]:
    others = subprocess.Popen([sys.executable, "-m", "benchmarks.light_rater", url, *keys], cwd=CHECKOUT)
    try:
        yield
        assert others.poll() is None, "the raters without a browser have failed"
    finally:
        others.kill()
        others.wait()


def _at_work(browser: Browser, links: list[str]) -> list[Page]:
    """A page for each rater, on the first item; then all begin."""
    pages = []
    for link in links:
        page = browser.new_context(viewport={"width": 1000, "height": 800}).new_page()
        page.goto(link)
        page.get_by_role("radio").first.wait_for(timeout=1000 * FIRST_VISIT_SECONDS)
        pages.append(page)
    for page in pages:
        page.evaluate(_PILOT)
    return pages


def _cpu_seconds(pid: int) -> float:
    """Of a process and its children."""
    process = psutil.Process(pid)
    return sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)))


def _figures(times: list[dict[str, Any]], server_seconds: float) -> dict[str, float]:
    figures: dict[str, float] = {"rate_items_timed": float(len(times))}
    for name, label in (("saved", "answer_saved"), ("next", "next_item"), ("all", "answer_to_next_item")):
        cuts = statistics.quantiles([time[name] for time in times], n=20, method="inclusive")
        figures |= {f"rate_{label}_p50_ms_{RATERS}_raters": cuts[9], f"rate_{label}_p95_ms_{RATERS}_raters": cuts[18]}
    return figures | {"rate_server_cores": server_seconds / SECONDS}


if __name__ == "__main__":
    for name, value in next_item().items():
        print(f"{name:<45} {value:.4g}")
