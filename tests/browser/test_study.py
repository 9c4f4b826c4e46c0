"""A study in a real browser: drawn up, locked, opened; three raters, blinded on the wire; then results."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tiny_pair import save_pair

from bcos_core.attribution.registry import METHODS
from bcos_core.home import Home
from bcos_core.render.study_export import answers_table
from bcos_core.storage.upgrade import open_database
from bcos_core.study.locked import LockedStudy
from bcos_core.study.results import read_answers_of
from bcos_core.study.studies import Studies
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS, settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(600),
]
RATERS = 3
MOST_CLICKS = 10
TASK = {"kind": "embedded", "name": "short-reviews"}


class Researcher:
    """Somebody at the dashboard, whose clicks are counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1

    def press(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True))


def _draw_up(person: Researcher, address: str) -> str:
    """From the first visit to the links of an open study, as somebody does who has never seen it; the link."""
    page = person.page
    page.goto(address)
    studies = page.get_by_role("link", name="Studies")
    person.click(settled(page, studies))
    for label, value in (("How many", "3"), ("Items for each rater", "3"), ("Practice items", "1")):
        field = page.get_by_label(label, exact=True)
        settled(page, field).fill(value)
        field.press("Tab")
    expect(page.get_by_text("raters who finish fill it")).to_be_visible()
    person.press("Save as a draft")
    person.press("Lock")
    expect(page.get_by_text("Locked as SHA-256")).to_be_visible(timeout=FIRST_VISIT_SECONDS * 1000)
    person.press("Open for raters")
    person.press("Make links")
    return page.get_by_text(re.compile(r"/rate\?invite=")).inner_text().strip()


def _rate_everything(page: Page, locked: LockedStudy, link: str) -> str:
    """From the link to the completion code, with keys alone where there are some; the code."""
    page.goto(link)
    start = page.get_by_role("button", name="Start")
    expect(settled(page, start)).to_be_disabled()
    page.get_by_text("I have read this").click()
    start.click()
    total = 1 + locked.design.items_per_rater + 1  # practice, items, a check
    for place in range(total):
        expect(page.get_by_text(re.compile(rf"^{place + 1} of {total}"))).to_be_visible()
        chosen = page.locator('[role=radio][aria-checked="true"]')
        expect(chosen).to_have_count(0)  # nothing is answered beforehand
        expect(page.get_by_role("radio").first).to_be_visible()
        following = page.get_by_role("button", name="Next")
        expect(following).to_be_disabled()
        page.keyboard.press("4")
        expect(chosen).to_have_count(1)
        page.keyboard.press("2")
        expect(chosen).to_have_count(2)
        expect(following).to_be_enabled()
        following.click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    return page.locator("code").inner_text().strip()


def test_from_the_design_to_the_results(home: Home, address: str, browser: Browser, page: Page) -> None:
    save_pair(home, task=TASK)
    researcher = Researcher(page)
    link = _draw_up(researcher, address)
    # Opening the link, agreeing, starting and a first answer come on top.
    assert researcher.clicks + 4 <= MOST_CLICKS
    database = open_database(home)
    (study,) = Studies(database).list()
    locked = LockedStudy.from_dict(Studies(database).locked(study.id))
    secrets = [*METHODS, *(method.title for method in METHODS.values()), "tiny-bcos", "tiny-conventional"]
    secrets += [condition.id for condition in locked.design.conditions]
    # Words that every rater reads in texts, questions and consent tell nothing ("a random number").
    design = locked.design
    asked = [*(question.prompt for question in design.questions), design.consent, *(one.text for one in locked.items)]
    secrets = [secret for secret in secrets if secret.casefold() not in " ".join(asked).casefold()]
    codes = []
    for _ in range(RATERS):
        context = browser.new_context(viewport={"width": 390, "height": 844})  # a phone
        rater = context.new_page()
        rater.set_default_timeout(60_000)
        frames: list[bytes] = []

        def watch(socket: object, frames: list[bytes] = frames) -> None:
            def keep(payload: str | bytes) -> None:
                frames.append(payload if isinstance(payload, bytes) else payload.encode())

            socket.on("framereceived", keep)  # type: ignore[attr-defined]

        rater.on("websocket", watch)
        codes.append(_rate_everything(rater, locked, link))
        source = rater.content()
        traffic = b"\n".join(frames).decode("utf-8", "replace")
        assert "highlighted words" in traffic  # what was sent is what is searched
        for secret in secrets:
            assert secret not in source, secret
            assert not re.search(rf"\b{re.escape(secret)}\b", traffic), secret
        context.close()
    assert len(set(codes)) == RATERS

    answered = read_answers_of(database, study.id, locked)
    table = answers_table(answered, locked)
    assert len(table) == RATERS * 5 * 2
    assert set(table[table["question"] == "interpretability"]["value"]) == {4}
    assert set(table[table["question"] == "agreement"]["value"]) == {2}

    page.goto(f"{address}/studies?study={study.id}")
    settled(page, page.get_by_text("Left out by the rule"))
    page.get_by_role("button", name="Close the study").click()
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_role("heading", name="For the paper")).to_be_visible()
    expect(page.get_by_text(f"In a rating study, {RATERS} raters")).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download everything").click()
    assert started.value.suggested_filename.endswith(".zip")
