"""Names that a file gives are text on every page: nothing is loaded from elsewhere, nothing is drawn as markup."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.home import Home
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")]

PICTURE = "![x](http://elsewhere.example/x.png)"
MARKUP = "<img src=http://elsewhere.example/y> <b>b</b> $x^2$ :red[r] :material/home: a -> b www.elsewhere.example"
NAME = "[click](http://elsewhere.example) *name*"
TASK = {"kind": "embedded", "name": "short-reviews"}


def test_names_of_a_checkpoint_are_text(home: Home, address: str, page: Page) -> None:
    folders = save_pair(home, task=TASK)
    assert main(["audit", "tiny-bcos"]) == 0  # its figures name the classes and models too
    for folder in folders:
        for file, change in (
            ("config.json", {"id2label": {"0": PICTURE, "1": MARKUP}}),
            ("checkpoint.json", {"name": NAME, "recipe": {"name": PICTURE}}),
        ):
            content = json.loads((folder / file).read_text(encoding="utf-8"))
            (folder / file).write_text(json.dumps({**content, **change}), encoding="utf-8")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for place in ("models", "compare?text=A+good+film"):
        page.goto(f"{address}/{place}")
        page.get_by_test_id("stApp").wait_for(timeout=FIRST_VISIT_SECONDS * 1000)
        page.get_by_test_id("stSelectbox").first.wait_for(timeout=FIRST_VISIT_SECONDS * 1000)
        if place == "models":
            expect(page.get_by_text("classes ![x](http:")).to_be_visible()
            said = page.get_by_test_id("stMain").inner_text().replace("\N{WORD JOINER}", "")
            assert PICTURE in said and MARKUP in said
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
        assert page.locator("a[href*='elsewhere.example'], img[src*='elsewhere.example']").count() == 0
    assert not [url for url in asked if not url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))]
