"""Names that a file gives are text on every page: nothing is loaded from elsewhere, nothing is drawn as markup."""

from __future__ import annotations

import csv
import json

import pytest
from playwright.sync_api import Page, expect
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.text.tasks import TaskChoice, load_task
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")]

PICTURE = "![x](http://elsewhere.example/x.png)"
MARKUP = "<img src=http://elsewhere.example/y> <b>b</b> $x^2$ :red[r] :material/home: a -> b www.elsewhere.example"
NAME = "[click](http://elsewhere.example) *name*"


def test_names_of_a_checkpoint_are_text(home: Home, address: str, page: Page) -> None:
    file = home.uploads / f"{PICTURE.replace('/', '⁄')}.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        rows = [(f"a film no. {number}", (PICTURE, MARKUP)[number % 2]) for number in range(60)]
        csv.writer(stream).writerows([("text", "label"), *rows])
    choice = TaskChoice("file", str(file), "text", "label")
    folders = save_pair(home, labels=load_task(choice).labels, task=choice.to_dict())
    assert main(["audit", "tiny-bcos"]) == 0  # its figures name the classes and models too
    for folder in folders:
        content = json.loads((folder / "checkpoint.json").read_text(encoding="utf-8"))
        changed = json.dumps({**content, "name": NAME, "recipe": {"name": PICTURE}})
        (folder / "checkpoint.json").write_text(changed, encoding="utf-8")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for place in ("models?model=tiny-bcos", "compare?text=A+good+film"):
        page.goto(f"{address}/{place}")
        page.get_by_test_id("stApp").wait_for(timeout=FIRST_VISIT_SECONDS * 1000)
        there = page.get_by_role("article" if place.startswith("compare") else "heading")
        there.first.wait_for(timeout=FIRST_VISIT_SECONDS * 1000)
        if place.startswith("models"):
            expect(page.get_by_text("B-cos, B = 1.5 · BERT · classes")).to_be_visible()
            expect(page.get_by_text("McNemar")).to_be_visible()
            said = page.get_by_test_id("stMain").inner_text().replace("\N{WORD JOINER}", "")
            assert PICTURE in said and MARKUP in said
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
        assert page.locator("a[href*='elsewhere.example'], img[src*='elsewhere.example']").count() == 0
    assert not [url for url in asked if not url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))]
