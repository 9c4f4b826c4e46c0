"""A running dashboard on a home of its own, and a real browser."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from bcos_core.home import Home
from tests.browser.serving import Server, stop

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# No profile to be set up, no sandbox (tests may run as root), little shared memory, and not a word to the outside.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
STEP_SECONDS = 60.0
FIRST_VISIT_SECONDS = 180.0  # PyTorch and the models' code are imported: long on a busy machine


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_database: str) -> Home:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BCOS_QUICKSTART", "0")
    return Home((tmp_path / "home").resolve()).create()


@pytest.fixture
def address(home: Home) -> Iterator[str]:
    """A dashboard that answers; it and its supervisor are ended afterwards as Ctrl-C would."""
    server = Server.at_free_port(home)
    app = server.start()
    try:
        yield server.url
    finally:
        stop(app)
        sys.stdout.write(server.log.read_text(errors="replace"))  # pytest shows it when the test fails


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
        expect.set_options(timeout=STEP_SECONDS * 1000)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that never throws, which may leave it blank, and whose browser never has to refuse what the server's own
    policy forbids."""
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.set_default_timeout(STEP_SECONDS * 1000)
    refused: list[str] = []
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(error.stack or str(error)))
    page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    assert refused == []
    assert thrown == []


def settled(page: Page, shown: Locator) -> Locator:
    """`shown`, when the page's first run has drawn all of it: what is still to come moves what is there, from under a
    mouse button that is down, and puts fields back to what the run had last heard of them."""
    first_visit = FIRST_VISIT_SECONDS * 1000
    expect(shown).to_be_visible(timeout=first_visit)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=first_visit)
    # Streamlit fetches the script of a kind of widget when it is first drawn, which may be after the run.
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=first_visit)
    page.evaluate(_QUIET)
    return shown


_QUIET = """() => new Promise((quiet) => {
  let timer;
  const observer = new MutationObserver(() => wait());
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { observer.disconnect(); quiet(); }, 250);
  };
  observer.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
  document.fonts.ready.then(wait);
})"""
"""Until nothing has changed for a quarter of a second, which every clock on a page leaves."""
