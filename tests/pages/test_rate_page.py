"""The Rate page: a rater's whole way, without a browser; what the item's component sends is sent by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import RaterError, StorageError
from bcos_core.home import Home
from bcos_core.storage.upgrade import open_database
from bcos_core.study.answers import Answers
from bcos_core.study.comprehension import CheckQuestion
from bcos_core.study.design import Condition
from bcos_core.study.events import EventKind, events_of
from bcos_core.study.forms import form_of, plan_of
from bcos_core.study.invites import Invitations, InviteKind
from bcos_core.study.raters import Raters
from bcos_core.study.recruiting import PROLIFIC
from bcos_core.study.selection import Source
from bcos_core.study.slots import Slots
from bcos_core.study.studies import Studies
from pages.rate import edit as rating_edit
from pages.rate import rating
from pages.widgets import url
from pages.widgets.plain import plain
from pages.widgets.rating_item import ITEM_KEY
from tests.pages.conftest import OpenPage, button, words
from tests.pages.shown import Shown, start_rating
from tests.study.world import World, make_world


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    found = Shown()
    monkeypatch.setattr(rating, "rating_item", found)
    monkeypatch.setattr(rating_edit, "rating_item", found)
    return found


def _value(at: AppTest, name: str) -> str:
    found = at.query_params[name]
    return found if isinstance(found, str) else found[0]


def test_from_the_invitation_to_the_completion_code(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(home)
    at = start_rating(open_page, world)
    assert "invite" not in at.query_params and at.query_params["rater"]
    for place in range(4):  # a practice item, two items and a check
        assert not at.exception
        assert button(at, "Next").disabled
        at = shown.answer_all(at)
        if place == 0:
            assert "The model answered" in words(at)
        assert not button(at, "Next").disabled
        at = button(at, "Next").click().run()
    assert "Thank you" in words(at)
    (rater,) = Raters(open_database(home)).of(world.study.id)
    assert at.code[0].value == rater.completion_code


def test_a_rater_can_go_back(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(home)
    at = shown.answer_all(start_rating(open_page, world))
    at = button(at, "Next").click().run()
    assert button(at, "Next").disabled
    at = button(at, "Back").click().run()
    assert _value(at, "at") == "0"
    assert not button(at, "Next").disabled
    assert button(at, "Back").disabled


def test_next_is_one_step_of_the_browsers_history(
    home: Home, shown: Shown, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step without the item's place would lead forward again when the browser goes back to it."""
    at = shown.answer_all(start_rating(open_page, make_world(home)))
    steps: list[dict[str, Any]] = []
    write = url.write
    monkeypatch.setattr(url, "write", lambda **changes: (steps.append(changes), write(**changes)))
    button(at, "Next").click().run()
    assert steps == [{"at": "1"}]


def test_coming_back_by_the_address_goes_on_where_one_was(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(home)
    at = shown.answer_all(start_rating(open_page, world))
    again = open_page("rate", rater=_value(at, "rater"))
    assert _value(again, "at") == "1"
    assert len(Raters(open_database(home)).of(world.study.id)) == 1


@pytest.mark.parametrize("link", [{}, {"invite": "nonsense"}, {"rater": "nonsense"}])
def test_without_a_link_that_is_known_nothing_is_shown(
    home: Home, shown: Shown, open_page: OpenPage, link: dict[str, str]
) -> None:
    world = make_world(home)
    at = open_page("rate", **link)
    assert not at.exception
    assert world.locked.design.title not in words(at)
    assert "link" in words(at)


@pytest.mark.parametrize("kind", list(InviteKind))
def test_the_welcome_says_how_one_comes_back(home: Home, shown: Shown, open_page: OpenPage, kind: InviteKind) -> None:
    """Whoever opens an open link again is a new rater, so it must not be said to lead back."""
    world = make_world(home)
    Studies(open_database(home)).recruit(world.study.id, PROLIFIC)
    _, token = Invitations(open_database(home)).create(world.study.id, kind)
    person = {PROLIFIC.participant: "p1"} if kind == InviteKind.PANEL else {}
    said = words(open_page("rate", invite=token, **person))
    assert ("come back by the same link" in said) == (kind != InviteKind.OPEN)
    assert ("keep the address that this page has once you have started" in said) == (kind == InviteKind.OPEN)


def test_instructions_and_consent_keep_their_lines(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(home, instructions="Read it.\n\nThen answer.", consent="Agree.\nOr not.")
    at = open_page("rate", invite=world.token)
    assert {"Read it\\.\n\nThen answer\\.", "Agree\\.  \nOr not\\."} <= {one.value for one in at.markdown}


def test_who_comes_to_a_full_study_is_told_before_they_agree(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(home, source=Source(count=1), items_per_rater=1, raters_per_item=1, practice=0, instructed=0)
    _, own = Invitations(open_database(home)).create(world.study.id, InviteKind.PERSONAL)
    at = start_rating(open_page, replace(world, token=own))
    waits = Raters(open_database(home))
    shown.answer_all(at)
    (rater,) = waits.of(world.study.id)
    assert rater.finished_at is not None  # without a click on Next
    late = open_page("rate", invite=world.token)
    assert "The study is full" in words(late) and not late.button and not late.code
    assert len(waits.of(world.study.id)) == 1
    assert "The study is full" not in words(open_page("rate", invite=own))  # who has answered gets their code


def test_a_link_that_was_taken_back(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(home)
    invitations = Invitations(open_database(home))
    invitations.revoke(invitations.list(world.study.id)[0].id)
    at = open_page("rate", invite=world.token)
    assert "was taken back" in words(at)
    assert world.locked.design.title not in words(at)


def test_a_study_that_has_ended(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(home)
    at = start_rating(open_page, world)
    Studies(open_database(home)).close(world.study.id)
    at = at.run()
    assert not at.exception
    assert "has ended" in words(at)


def test_whoever_withdraws_is_out(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(home)
    at = start_rating(open_page, world)
    at.checkbox(key="withdraw-sure").check().run()
    at = button(at, "Withdraw").click().run()
    assert "You have withdrawn" in words(at)


def test_nothing_on_the_page_names_method_or_model(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(home)
    at = start_rating(open_page, world)
    everything = str(at.main) + words(at) + json.dumps(shown.data)
    assert '"film"' in everything  # the component's data are in it
    for name in (*METHODS, *(method.title for method in METHODS.values()), "tiny-bcos", "tiny-conventional"):
        assert name not in everything
    for condition in world.locked.design.conditions:
        assert condition.id not in everything


def test_simulation_asks_before_it_shows_the_heatmap(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(
        home,
        protocol="simulation",
        conditions=lambda bcos, twin: (Condition(bcos, "bcos"), Condition(bcos)),
        practice=0,
    )
    at = start_rating(open_page, world)
    assert [question["name"] for question in shown.data["questions"]] == ["before"]
    assert shown.data["answer"] is None and shown.data["panels"][0]["legend"] is None
    at = shown.answer(at, "before", "positive")
    assert [(question["name"], question["closed"]) for question in shown.data["questions"]] == [
        ("before", True),
        ("after", False),
    ]
    assert button(at, "Next").disabled
    at = shown.answer(at, "before", "negative")  # as a second tab could: the first guess stands
    assert shown.data["answers"] == {"before": "positive"}
    at = shown.answer(at, "after", "negative")
    assert not button(at, "Next").disabled


def test_an_answer_that_is_sent_twice_counts_once(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(home)
    at = shown.answer(start_rating(open_page, world), "agreement", 4, key="once")
    del at.session_state["answers-taken"]  # as after a restart: the session knows nothing of it
    at = at.run()
    answered = [event for event in events_of(open_database(home), world.study.id) if event.kind == EventKind.ANSWERED]
    assert len(answered) == 1
    assert shown.data["answers"] == {"agreement": 4}


def test_an_answer_that_is_not_allowed_is_refused_in_words(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(home)
    at = start_rating(open_page, world)
    at = shown.answer(at, "agreement", 9)
    assert not at.exception
    assert "takes one of 1, 2, 3, 4, 5" in words(at)
    assert shown.data["answers"] == {}
    assert "takes one of" not in words(at.run())  # said once, and not tried again


def test_an_answer_that_the_database_cannot_take_waits(
    home: Home, shown: Shown, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(home)
    at = start_rating(open_page, world)

    def full(self: Answers, *given: Any, **options: Any) -> None:
        raise StorageError("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(Answers, "save", full)
        shown.send(at, "agreement", 4)
        at = shown.answer(at, "agreement", 5)
        assert "not saved yet" in words(at) and "The disk is full" not in words(at)
        assert shown.data["answers"] == {}
    at = at.run()
    assert shown.data["answers"] == {"agreement": 5}  # in the order in which they were given


def test_an_answer_is_not_left_behind_by_a_click_on_back(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(home)
    at = shown.answer_all(start_rating(open_page, world))
    at = button(at, "Next").click().run()
    shown.send(at, "agreement", 2)
    at = button(at, "Back").click().run()
    at = button(at, "Next").click().run()
    assert shown.data["answers"] == {"agreement": 2}


def test_a_message_of_thousands_of_answers_is_refused_as_a_whole(home: Home, shown: Shown, open_page: OpenPage) -> None:
    at = start_rating(open_page, make_world(home))
    slot = shown.data["slot"]
    flood = [{"slot": slot, "question": "agreement", "value": 1 + n % 5, "key": f"k{n}"} for n in range(20_000)]
    at.session_state[f"{ITEM_KEY}{slot}"] = {"given": flood}
    at = at.run()
    assert not at.exception
    assert "20,000 answers came at once" in words(at)
    assert shown.data["answers"] == {}


def test_a_double_click_on_a_try_costs_one(
    home: Home, shown: Shown, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(
        home,
        protocol="edit",
        conditions=lambda bcos, twin: (Condition(bcos, "bcos"), Condition(bcos)),
        practice=0,
        instructed=0,
        tries=3,
    )
    at = start_rating(open_page, world)
    at.text_area[0].set_value(world.locked.items[0].text.replace("good", "awful")).run()

    def cut_off(self: Answers, *given: Any, **options: Any) -> Any:
        raise StorageError("The second click has come.")

    with monkeypatch.context() as first:
        first.setattr(Answers, "write", cut_off)
        at = button(at, "Try it · 3 tries left").click().run()
    at = button(at, "Try it · 3 tries left").click().run()  # the same text: the same try
    assert not at.exception
    (rater,) = Raters(open_database(home)).of(world.study.id)
    answers = Answers(open_database(home), plan_of(world.study.id, world.locked), form_of(world.locked))
    (given,) = answers.given(rater.id).values()
    assert given["tries"] == 1
    if not given["flipped"]:
        assert button(at, "Try it · 2 tries left")


def test_editing_asks_the_model_and_counts_the_tries(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(
        home,
        protocol="edit",
        conditions=lambda bcos, twin: (Condition(bcos, "bcos"), Condition(bcos)),
        practice=0,
        instructed=0,
        tries=2,
    )
    at = start_rating(open_page, world)
    # Never disabled before a text is changed: a click that comes with the typing would be lost.
    at = button(at, "Try it · 2 tries left").click().run()
    assert [warning.value for warning in at.warning] == ["Change the text first."]
    at.text_area[0].set_value(world.locked.items[0].text.replace("good", "awful")).run()
    at = button(at, "Try it · 2 tries left").click().run()
    assert not at.exception
    (rater,) = Raters(open_database(home)).of(world.study.id)
    plan = plan_of(world.study.id, world.locked)
    (given,) = Answers(open_database(home), plan, form_of(world.locked)).given(rater.id).values()
    assert given["tries"] == 1
    assert not button(at, "Next").disabled


CHECK = CheckQuestion("What does blue do?", "It speaks for it.", ("It speaks against it.", "Nothing."))
CODES = replace(PROLIFIC, completion="DONE-1", screen_out="https://panel.example/out?cc=GONE")


def _panel(home: Home, **changes: Any) -> tuple[World, str]:
    """A study whose raters come from a panel, and the panel's invitation."""
    world = make_world(home, comprehension=(CHECK,), **changes)
    database = open_database(home)
    Studies(database).recruit(world.study.id, CODES)
    return world, Invitations(database).create(world.study.id, InviteKind.PANEL, cap=9)[1]


def _come(open_page: OpenPage, token: str, person: str = "a1b2") -> AppTest:
    at = open_page("rate", invite=token, PROLIFIC_PID=person, STUDY_ID="s1", SESSION_ID="x9", other="<b>")
    at.checkbox(key="consent").check().run()
    return button(at, "Start").click().run()


def _try(at: AppTest, answer: str, number: int) -> AppTest:
    at.session_state[f"check-{number}-0"] = answer
    (send,) = [one for one in at.button if one.label.startswith("Answer")]
    return send.click().run()


def test_a_panels_person_understands_rates_and_gets_its_code(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world, token = _panel(home)
    at = _come(open_page, token)
    assert not at.exception and set(at.query_params) == {"rater"}  # the panel's ids have left the address
    assert sorted(at.radio[0].options) == sorted(map(plain, (CHECK.right, *CHECK.wrong)))
    assert "DONE-1" not in str(at) and "GONE" not in str(at)
    at = _try(at, CHECK.wrong[0], 1)
    assert "one more try" in words(at)
    at = _try(at, CHECK.right, 2)
    for _ in range(4):
        at = shown.answer_all(at)
        assert "DONE-1" not in str(at)
        at = button(at, "Next").click().run()
    assert "Thank you" in words(at) and at.code[0].value == "DONE-1"
    (rater,) = Raters(open_database(home)).of(world.study.id)
    assert (rater.panel_id, rater.panel_study, rater.panel_session) == ("a1b2", "s1", "x9")
    told = json.dumps([event.payload for event in events_of(open_database(home), world.study.id)])
    assert "a1b2" not in told and "x9" not in told


def test_who_fails_the_check_twice_is_sent_back(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world, token = _panel(home)
    at = _try(_try(_come(open_page, token), CHECK.wrong[0], 1), CHECK.wrong[1], 2)
    assert "ends here" in words(at) and not shown.data
    assert "DONE-1" not in str(at)
    (link,) = [element.proto.url for element in at.get("link_button")]
    assert link == CODES.screen_out
    again = _come(open_page, token)
    assert "ends here" in words(again)
    (rater,) = Raters(open_database(home)).of(world.study.id)
    assert rater.screened_out_at is not None


def test_a_person_of_a_panel_is_one_rater_on_every_device(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world, token = _panel(home)
    first = _value(_come(open_page, token), "rater")
    assert _value(_come(open_page, token), "rater") == first
    assert _value(_come(open_page, token, "c3d4"), "rater") != first
    assert len(Raters(open_database(home)).of(world.study.id)) == 2


@pytest.mark.parametrize("person", ["", "a b", "x" * 65, "<script>", "é"])
def test_a_panels_link_that_names_nobody(home: Home, shown: Shown, open_page: OpenPage, person: str) -> None:
    world, token = _panel(home)
    at = open_page("rate", invite=token, **({"PROLIFIC_PID": person} if person else {}))
    assert not at.exception and "cannot be used now" in words(at) and not at.checkbox
    assert "<script>" not in words(at) and world.locked.design.title not in words(at)
    assert Raters(open_database(home)).of(world.study.id) == []


def test_no_item_before_the_check_is_passed(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world, token = _panel(home)
    at = _come(open_page, token)
    rater = Raters(open_database(home)).resume(_value(at, "rater"))
    with pytest.raises(RaterError, match="questions about the instructions"):
        Slots(open_database(home), plan_of(world.study.id, world.locked)).next(rater.id)
    at = open_page("rate", rater=_value(at, "rater"), at="0")
    assert "Before you begin" in words(at) and not shown.data
