"""A study in a real browser: three raters from link to code, blinded on the wire, then results."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from bcos_core.attribution.registry import METHODS
from bcos_core.home import Home
from bcos_core.storage.upgrade import open_database
from bcos_core.study.export import answers_table
from bcos_core.study.results import read_answers_of
from bcos_core.study.selection import Source
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS
from tests.study.world import World, make_world

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(600),
]
RATERS = 3


def _rate_everything(page: Page, world: World, link: str) -> str:
    """From the link to the completion code, with keys alone where there are some; the code."""
    page.goto(link)
    start = page.get_by_role("button", name="Start")
    expect(start).to_be_visible(timeout=FIRST_VISIT_SECONDS * 1000)
    expect(start).to_be_disabled()
    page.get_by_text("I have read this").click()
    start.click()
    total = 1 + world.locked.design.items_per_rater + 1  # practice, items, a check
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


def test_three_raters_blinded_and_then_the_results(home: Home, address: str, browser: Browser, page: Page) -> None:
    world = make_world(home, source=Source(count=3), items_per_rater=3)
    secrets = [*METHODS, *(method.title for method in METHODS.values()), "tiny-bcos", "tiny-conventional"]
    secrets += [condition.id for condition in world.locked.design.conditions]
    # Words that every rater reads in the questions and the consent tell nothing ("a random number").
    design = world.locked.design
    asked = " ".join([*(question.prompt for question in design.questions), design.consent]).casefold()
    secrets = [secret for secret in secrets if secret.casefold() not in asked]
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
        codes.append(_rate_everything(rater, world, f"{address}/rate?invite={world.token}"))
        source = rater.content()
        traffic = b"\n".join(frames).decode("utf-8", "replace")
        assert "highlighted words" in traffic  # what was sent is what is searched
        for secret in secrets:
            assert secret not in source, secret
            assert not re.search(rf"\b{re.escape(secret)}\b", traffic), secret
        context.close()
    assert len(set(codes)) == RATERS

    answered = read_answers_of(open_database(home), world.study.id, world.locked)
    table = answers_table(answered, world.locked)
    assert len(table) == RATERS * 5 * 2
    assert set(table[table["question"] == "interpretability"]["value"]) == {4}
    assert set(table[table["question"] == "agreement"]["value"]) == {2}

    page.goto(f"{address}/studies?study={world.study.id}")
    expect(page.get_by_text("Left out by the rule")).to_be_visible(timeout=FIRST_VISIT_SECONDS * 1000)
    page.get_by_role("button", name="Close the study").click()
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_role("heading", name="For the paper")).to_be_visible()
    expect(page.get_by_text(f"In a rating study, {RATERS} raters")).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download everything").click()
    assert started.value.suggested_filename.endswith(".zip")
