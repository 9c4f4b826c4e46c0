"""What a rater sees when something comes between: the server is away, another tab, the end of the study."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bcos_core.home import Home
from bcos_core.model.classifier import load
from bcos_core.progress import SilentReporter
from bcos_core.storage.database import Database
from bcos_core.storage.upgrade import open_database
from bcos_core.study.answers import Answers
from bcos_core.study.design import Condition, StudyDesign
from bcos_core.study.forms import form_of, plan_of
from bcos_core.study.invites import Invitations, Invite, InviteKind
from bcos_core.study.locking import lock
from bcos_core.study.raters import Raters
from bcos_core.study.selection import Source
from bcos_core.study.slots import Slots
from bcos_core.study.studies import Studies
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS, settled
from tests.browser.serving import Server, kill
from tests.databases import Databases
from tests.study.world import TEXTS, World, make_world

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(600),
]


@dataclass(frozen=True)
class Person:
    """A rater with a personal link, at work."""

    id: str
    address: str
    invite: Invite
    page: Page


@dataclass
class Place:
    """An open study, and a server for its raters."""

    home: Home
    world: World
    server: Server
    app: Any

    @property
    def database(self) -> Database:
        return open_database(self.home)

    def come(self, browser: Browser) -> Person:
        invite, token = Invitations(self.database).create(self.world.study.id, InviteKind.PERSONAL)
        joined = Raters(self.database).join(token)
        Raters(self.database).consent(joined.rater.id)
        address = f"{self.server.url}/rate?rater={joined.resume_token}"
        return Person(joined.rater.id, address, invite, self.open(browser, address))

    def open(self, browser: Browser, address: str) -> Page:
        page = browser.new_context(viewport={"width": 800, "height": 900}).new_page()
        page.goto(address)
        settled(page, page.get_by_role("radio").first)
        return page

    def stored(self, person: Person) -> list[list[int]]:
        """The person's answers, by item and question."""
        locked = self.world.locked
        plan = plan_of(self.world.study.id, locked)
        given = Answers(self.database, plan, form_of(locked)).given(person.id)
        names = [question.name for question in locked.design.questions]
        slots = Slots(self.database, plan).of(person.id)
        return [[given[slot.id][name] for name in names if name in given.get(slot.id, {})] for slot in slots]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Place]:
    with pytest.MonkeyPatch.context() as patch, databases.own(patch):
        home = Home((tmp_path_factory.mktemp("rating") / "home").resolve()).create()
        patch.setenv("BCOS_HOME", str(home.root))
        server = Server.at_free_port(home, "--raters")
        world = make_world(home)
        place = Place(home, world, server, server.start())
        yield place
        kill(place.app)


def _answer(page: Page, *keys: str) -> None:
    """One key for each question, each saved before the next."""
    for key in keys:
        chosen = page.locator('[role=radio][aria-checked="true"]')
        before = chosen.count()
        page.keyboard.press(key)
        expect(chosen).to_have_count(before + 1)
        expect(page.get_by_text("Saved", exact=True)).to_be_visible()


def _item(page: Page, number: int, *, answered: int | None = None) -> None:
    """Wait for an item, told from the one before it by how many of its questions are `answered`. The page's heading
    comes before the questions do, and a key before them is for the item that is still on the screen."""
    expect(page.get_by_text(re.compile(rf"^{number} of 4"))).to_be_visible()
    expect(page.locator(".item")).to_have_count(1)
    expect(page.locator("[role=radio]").first).to_be_visible()
    if answered is not None:
        expect(page.locator('[role=radio][aria-checked="true"]')).to_have_count(answered)


def test_an_answer_given_while_the_server_is_away_is_saved_when_it_is_back(place: Place, browser: Browser) -> None:
    person = place.come(browser)
    _answer(person.page, "4")
    kill(place.app)
    person.page.keyboard.press("2")
    expect(person.page.get_by_text("Not saved yet")).to_be_visible()
    expect(person.page.get_by_role("button", name="Next")).to_be_disabled()
    assert place.stored(person) == [[4]]
    place.app = place.server.start()
    expect(person.page.get_by_text("Saved", exact=True)).to_be_visible(timeout=1000 * FIRST_VISIT_SECONDS)
    assert place.stored(person) == [[4, 2]]
    person.page.get_by_role("button", name="Next").click()
    _item(person.page, 2)


def test_two_tabs_of_one_rater_are_one_rater(place: Place, browser: Browser) -> None:
    person = place.come(browser)
    other = place.open(browser, person.address)
    _answer(person.page, "4", "2")
    other.keyboard.press("5")  # without having heard of what the first tab has saved
    expect(other.locator('[role=radio][aria-checked="true"]')).to_have_count(2)
    expect(other.get_by_text("Saved", exact=True)).to_be_visible()
    assert place.stored(person) == [[5, 2]]  # the last word counts
    for page in (person.page, other):
        page.get_by_role("button", name="Next").click()
        _item(page, 2, answered=0)
    _answer(other, "1")
    person.page.reload()
    expect(person.page.locator('[role=radio][aria-checked="true"]')).to_have_count(1)
    assert place.stored(person) == [[5, 2], [1]]


def test_keys_answer_only_the_item_on_the_screen(place: Place, browser: Browser) -> None:
    person = place.come(browser)
    _answer(person.page, "4", "2")
    person.page.get_by_role("button", name="Next").click()
    _item(person.page, 2, answered=0)
    _answer(person.page, "3")  # its second question stays open
    person.page.get_by_role("button", name="Back").click()
    _item(person.page, 1, answered=2)
    person.page.keyboard.press("5")
    person.page.get_by_role("button", name="Next").click()
    _item(person.page, 2, answered=1)
    assert place.stored(person) == [[4, 2], [3]]


def _focused(page: Page) -> str:
    """What has the keyboard: a choice as `question-place`, else the class or the words of what it is."""
    look = """() => {
      let at = document.activeElement;
      while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
      return at.dataset.choice ?? (at.classList.contains("item") ? "item" : at.innerText);
    }"""
    return str(page.evaluate(look))


def test_a_question_is_one_stop_and_the_next_item_is_where_the_keyboard_goes_on(place: Place, browser: Browser) -> None:
    person = place.come(browser)
    page = person.page
    names = [question.name for question in place.world.locked.design.questions]
    page.get_by_role("radio").first.focus()
    for key, at in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("ArrowUp", 0), ("ArrowUp", 4)):
        page.keyboard.press(key)
        assert _focused(page) == f"{names[0]}-{at}"
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)  # to move is not to answer
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", checked=True)).to_have_count(1)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert _focused(page) == f"{names[0]}-3"
    page.keyboard.press("Tab")
    assert _focused(page) == f"{names[1]}-0"
    page.keyboard.press("Shift+Tab")
    assert _focused(page) == f"{names[0]}-3"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Next")).to_be_enabled()
    assert place.stored(person) == [[4, 1]]
    for turn in ("Next", "ArrowLeft", "ArrowRight"):
        if turn == "Next":
            page.get_by_role("button", name=turn).focus()
            page.keyboard.press("Enter")
        else:
            page.keyboard.press(turn)
        _item(page, 1 if turn == "ArrowLeft" else 2, answered=2 if turn == "ArrowLeft" else 0)
        page.wait_for_function("() => document.activeElement !== document.body")
        assert _focused(page) == "item"
        page.keyboard.press("Tab")
        assert _focused(page) == (f"{names[0]}-3" if turn == "ArrowLeft" else f"{names[0]}-0")


@pytest.mark.parametrize("end", ["taken back", "has ended"])  # the study's end comes last
def test_an_answer_after_the_end_is_refused_in_words(place: Place, browser: Browser, end: str) -> None:
    person = place.come(browser)
    _answer(person.page, "4")
    if end == "taken back":
        Invitations(place.database).revoke(person.invite.id)
    else:
        Studies(place.database).close(place.world.study.id)
    person.page.keyboard.press("2")
    expect(person.page.get_by_text(end)).to_be_visible()
    expect(person.page.get_by_text("Your last answer came too late and is not saved.")).to_be_visible()
    expect(person.page.locator(".item")).to_have_count(0)
    assert place.stored(person) == [[4]]


def _pick_study(place: Place) -> World:
    """A study in which each question picks one of three heatmaps, beside the other one of the place."""
    path = place.world.locked.design.checkpoints[0]
    conditions = tuple(Condition(path, name) for name in ("bcos", "saliency", "input_x_gradient"))
    design = StudyDesign(
        "Best and worst", conditions, "best_worst", Source(count=3), items_per_rater=1, practice=0, instructed=0
    )
    locked = lock(design, TEXTS, load, SilentReporter())
    studies = Studies(place.database)
    study = studies.create(design.title, design.to_dict())
    studies.lock(study, locked.to_dict(), locked.hash)
    return World(studies.open(study.id), locked, "")


def test_best_and_worst_are_picked_by_keys_alone(place: Place, browser: Browser) -> None:
    """By letters, and by arrows and Enter; what is best cannot be worst too, and a screen reader is told so."""
    person = replace(place, world=_pick_study(place)).come(browser)
    page = person.page
    expect(page.get_by_role("heading", name=re.compile("^[ABC]$"))).to_have_count(3)
    best, worst = (page.get_by_role("group", name=re.compile(name)) for name in ("best", "worst"))
    _answer(page, "b")
    expect(best.get_by_role("radio", name="B")).to_be_checked()
    expect(worst.get_by_role("radio", name="B")).to_be_disabled()
    page.keyboard.press("b")
    expect(worst.get_by_role("radio", checked=True)).to_have_count(0)
    worst.get_by_role("radio", name="A").focus()
    page.keyboard.press("ArrowDown")  # over the one that cannot be chosen
    page.keyboard.press("Enter")
    expect(worst.get_by_role("radio", name="C")).to_be_checked()
    expect(worst.get_by_role("radio", name="C")).to_be_focused()
    expect(best.get_by_role("radio", name="C")).to_be_disabled()
    expect(page.get_by_role("button", name="Next")).to_be_enabled()
    light = page.locator(".item").evaluate("item => getComputedStyle(item).backgroundColor")
    assert light == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    assert page.locator(".item").evaluate("item => getComputedStyle(item).backgroundColor") == light
