"""`python -m benchmarks.compare_page`: how long Compare takes for a new text, four methods on two models, in a browser.

Two models of the embedded one's size are served; their weights are random, which changes no time. Each of a few texts
of 25 words is typed, Enter is pressed, and the browser's clock says when the first of seven heatmaps is drawn and when
all of them are (B-cos contributions are none of a conventional model).

On a machine with other work the seconds say little. Therefore beside them: the processor seconds that the server took
for a text, of which the passes over the models alone take `records_cpu_seconds`. Divided by the cores they are the
least that any arrangement can reach.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import torch
from playwright.sync_api import Page, ViewportSize, sync_playwright

from bcos_core import explain
from bcos_core.attribution.registry import METHODS
from bcos_core.home import Home
from bcos_core.model.checkpoint import save_checkpoint
from bcos_core.model.classifier import load
from bcos_core.reproduce.measures.subjects import load_subjects
from tests.browser.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.browser.serving import Server, stop

TEXTS = 6
PANELS = 7
WAIT_SECONDS = 300.0
WORDS = (
    "thin",
    "plot",
    "warm",
    "cast",
    "dull",
    "score",
    "slow",
    "hero",
    "bold",
    "lead",
    "calm",
    "tone",
    "true",
    "story",
)

# From Enter on: when a panel holds the new text's first word with its colours, and when all panels do.
WATCH = """([word, panels]) => {
  const begin = performance.now();
  window.seen = {};
  const look = () => {
    const hosts = [...document.querySelectorAll('[class*="st-key-of-"] *')].filter((node) => node.shadowRoot);
    const drawn = hosts.map((host) => host.shadowRoot.querySelector(".panel button.unit")).filter(
      (unit) => unit?.closest(".panel").textContent.includes(word));
    const seconds = (performance.now() - begin) / 1000;
    if (drawn.length) window.seen.first ??= seconds;
    if (drawn.length === panels) window.seen.all = seconds;
    else requestAnimationFrame(look);
  };
  look();
}"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).create()
        models = save_models(home)
        records = records_cpu_seconds(models)
        with served(home) as (address, server), browsing(address) as page:
            found = [new_text(page, server, n) for n in range(TEXTS)]
    for name in found[0]:
        print(f"compare_{name:<24} {statistics.median(one[name] for one in found):.3f}")
    print(f"compare_{'records_cpu_seconds':<24} {records:.3f}")
    print(f"compare_{'load_per_core':<24} {os.getloadavg()[0] / (os.cpu_count() or 1):.1f}")


def save_models(home: Home) -> list[Path]:
    """The embedded model with a random head, converted and not, as checkpoints."""
    subjects = load_subjects()
    folders = [home.models / "bcos", home.models / "conventional"]
    pairs = zip((subjects.bcos, subjects.conventional), folders, reversed(folders), strict=True)
    for model, folder, twin in pairs:
        save_checkpoint(model, subjects.tokenizer, folder, labels=subjects.data.labels, max_length=64, twin=twin.name)
    return folders


def text(number: int) -> str:
    """A sentence of 25 words that no other number gives."""
    chosen = random.Random(number).choices(WORDS, k=22)
    return f"Text{number} {' '.join(chosen[:10])}, {' '.join(chosen[10:])} and more."


def records_cpu_seconds(folders: list[Path]) -> float:
    """Of the seven records of a text, on one thread."""
    torch.set_num_threads(1)
    total = 0.0
    for folder in folders:
        model = load(folder)
        usual = [method for method in METHODS.values() if method.usual]
        for method in usual:
            if method.unsupported(is_bcos=folder.name == "bcos") is None:
                explain(model, text(-1), method=method.name)
                begin = time.thread_time()
                explain(model, text(-2), method=method.name)
                total += time.thread_time() - begin
    return total


@contextmanager
def served(home: Home) -> Iterator[tuple[str, psutil.Process]]:
    """The dashboard on that home: its address, and its process."""
    os.environ.update(BCOS_HOME=str(home.root), BCOS_QUICKSTART="0")
    server = Server.at_free_port(home)
    app = server.start()
    try:
        yield server.url, psutil.Process(app.pid)
    finally:
        stop(app)


@contextmanager
def browsing(address: str) -> Iterator[Page]:
    """Compare with every panel drawn once, so that models are loaded and code is imported."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
        page = browser.new_page(viewport=ViewportSize(width=1400, height=1000))
        page.set_default_timeout(WAIT_SECONDS * 1000)
        page.goto(f"{address}/compare?text=Warm+up")
        page.locator("button.unit").first.wait_for()
        settle(page)
        yield page
        browser.close()


def new_text(page: Page, server: psutil.Process, number: int) -> Mapping[str, float]:
    """One text: seconds to the first heatmap and to all, and what the server computed meanwhile."""
    box = page.get_by_label("Text", exact=True)
    box.fill(text(number))
    before = processor_seconds(server)
    page.evaluate(WATCH, [f"Text{number}", PANELS])
    box.press("Enter")
    deadline = time.monotonic() + WAIT_SECONDS
    while "all" not in (seen := page.evaluate("window.seen")) and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    settle(page)
    after = processor_seconds(server)
    return {"first_seconds": seen["first"], "all_seconds": seen["all"], "cpu_seconds": after - before}


def settle(page: Page) -> None:
    page.locator("article[aria-busy=true]").first.wait_for(state="detached")
    page.get_by_test_id("stStatusWidget").wait_for(state="detached")


def processor_seconds(process: psutil.Process) -> float:
    """Of a process and of all that it has begun."""
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in times)


if __name__ == "__main__":
    main()
