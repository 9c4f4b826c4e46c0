"""A running dashboard on a home of its own, and a real browser."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bcos_core.home import CHECKOUT, Home

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
START_SECONDS = 90.0
STEP_SECONDS = 60.0
FIRST_VISIT_SECONDS = 180.0  # PyTorch and the models' code are imported: long on a busy machine


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BCOS_QUICKSTART", "0")
    monkeypatch.delenv("BCOS_DATABASE_URL", raising=False)
    return Home((tmp_path / "home").resolve()).create()


@pytest.fixture
def address(home: Home) -> Iterator[str]:
    """A dashboard that answers; it and its supervisor are ended afterwards as Ctrl-C would."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "bcos_core", "app", "--port", str(port), "--no-browser"]
    log = home.root / "dashboard.log"
    with log.open("wb") as output:
        app = subprocess.Popen(command, cwd=CHECKOUT, stdout=output, stderr=subprocess.STDOUT, env=dict(os.environ))
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(app, url)
        yield url
    finally:
        app.send_signal(signal.SIGTERM)
        try:
            app.wait(30)
        except subprocess.TimeoutExpired:
            app.kill()
            app.wait()
        sys.stdout.write(log.read_text(errors="replace"))  # pytest shows it when the test fails


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
        expect.set_options(timeout=STEP_SECONDS * 1000)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.set_default_timeout(STEP_SECONDS * 1000)
    return page


def _wait_until_up(app: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urlopen(f"{url}/_stcore/health", timeout=1):
                return
        except OSError:
            assert app.poll() is None, f"The dashboard ended with exit code {app.returncode}."
            assert time.monotonic() < deadline, f"The dashboard did not answer within {START_SECONDS:g} s."
            time.sleep(0.1)
