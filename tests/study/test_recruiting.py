"""People of a panel, and the comprehension check: what is kept, what is refused, what is counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bcos_core.access.actor import Actor, Mode, Role, rater
from bcos_core.errors import InputError, InviteUsedUpError, NotAllowedError, RaterError, StudyError
from bcos_core.home import Home
from bcos_core.render.study_export import export_study
from bcos_core.storage.upgrade import open_database
from bcos_core.study.comprehension import CheckQuestion
from bcos_core.study.design import StudyDesign
from bcos_core.study.invites import Invitations, InviteKind
from bcos_core.study.paragraph import methods_paragraph
from bcos_core.study.participation import Part
from bcos_core.study.raters import Raters
from bcos_core.study.recruiting import PROLIFIC, Person, Recruiting, is_link
from bcos_core.study.results import read_answers_of
from bcos_core.study.simulate import as_simulated
from bcos_core.study.studies import Studies
from bcos_core.study.understanding import Standing, try_check
from tests.study.open_study import OpenStudy
from tests.study.simulated import made_up
from tests.study.world import make_world

ONE = CheckQuestion("What is blue?", "for", ("against", "nothing"))
TWO = CheckQuestion("And orange?", "against", ("for",))
RIGHT = {ONE.prompt: "for", TWO.prompt: "against"}


def test_the_link_is_as_prolific_fills_it_in() -> None:
    assert PROLIFIC.link("https://x/rate?invite=T") == (
        "https://x/rate?invite=T&PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}"
    )
    other = Recruiting("Lab panel", "who")
    assert other.link("https://x/rate?invite=T") == "https://x/rate?invite=T&who=[who]"


def test_who_comes_is_read_and_nothing_else() -> None:
    given = {"PROLIFIC_PID": "5f3c", "STUDY_ID": "s", "rater": "stolen", "more": "x" * 10_000}
    assert PROLIFIC.person(given) == Person("5f3c", "s", None)
    for id in ("", "a b", "x" * 65, "a&b", "\N{CYRILLIC SMALL LETTER A}"):
        with pytest.raises(RaterError):
            PROLIFIC.person({"PROLIFIC_PID": id})
    with pytest.raises(RaterError, match="changed on its way"):
        PROLIFIC.person({"PROLIFIC_PID": "ok", "SESSION_ID": "y" * 65})


@pytest.mark.parametrize(
    "changes",
    [
        {"panel": " "},
        {"participant": ""},
        {"participant": "invite"},
        {"participant": "a-b"},
        {"study": "PROLIFIC_PID"},
        {"completion": "http://panel.example"},
        {"completion": "javascript:alert(1)"},
        {"screen_out": "two words"},
        {"completion": "https://x/" + "y" * 600},
    ],
)
def test_what_no_panel_has_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(InputError):
        replace(PROLIFIC, **changes)


def test_an_end_is_a_code_or_an_address() -> None:
    assert is_link("https://app.prolific.com/submissions/complete?cc=C1") and not is_link("C1")


def test_it_is_kept_with_the_study_and_damage_is_said(study: OpenStudy) -> None:
    assert study.studies.recruiting(study.id) is None
    study.studies.recruit(study.id, replace(PROLIFIC, completion="C1"))
    assert study.studies.recruiting(study.id) == replace(PROLIFIC, completion="C1")
    with study.database.write() as connection:
        connection.exec_driver_sql("UPDATE studies SET recruiting = '{\"panel\": 3}'")
    with pytest.raises(StudyError, match="Set it again"):
        study.studies.recruiting(study.id)


def test_a_person_is_one_rater_and_takes_one_place(study: OpenStudy) -> None:
    token = study.invite(InviteKind.PANEL, cap=2)
    first = study.raters.join(token, person=Person("p1", "s", "x"))
    again = study.raters.join(token, person=Person("p1", "s", "another session"))
    assert first.is_new and not again.is_new
    assert again.rater.id == first.rater.id and again.resume_token == first.resume_token
    assert study.raters.resume(first.resume_token).id == first.rater.id
    study.raters.join(token, person=Person("p2"))
    with pytest.raises(InviteUsedUpError):
        study.raters.join(token, person=Person("p3"))
    assert not study.raters.join(token, person=Person("p1")).is_new
    with pytest.raises(RaterError, match="names nobody"):
        study.raters.join(token)


def test_a_second_link_of_the_panel_is_no_second_rater(study: OpenStudy) -> None:
    study.raters.join(study.invite(InviteKind.PANEL), person=Person("p1"))
    with pytest.raises(RaterError, match="by another link"):
        study.raters.join(study.invite(InviteKind.PANEL), person=Person("p1"))


def test_the_codes_are_for_those_who_may_change_them(study: OpenStudy) -> None:
    """And each for the rater who has earned it, by another call."""
    study.studies.recruit(study.id, replace(PROLIFIC, completion="C1"))
    for role in (Role.VIEWER, Role.RESEARCHER):
        with pytest.raises(NotAllowedError, match="change a study"):
            Studies(study.database.acting(Actor("v" * 32, "Vic", role, Mode.PASSWORD))).recruiting(study.id)
    with pytest.raises(NotAllowedError):
        Studies(study.database.acting(rater("r"))).recruiting(study.id)
    root = Studies(study.database.acting(Actor("r" * 32, "Root", Role.ADMIN, Mode.PASSWORD)))
    assert root.recruiting(study.id) == Studies(study.database.acting(rater("r"))).recruiting_of_raters(study.id)


def test_in_another_study_the_person_is_another_rater(study: OpenStudy) -> None:
    one = study.raters.join(study.invite(InviteKind.PANEL), person=Person("p1"))
    other = OpenStudy.make(study.database)
    assert other.raters.join(other.invite(InviteKind.PANEL), person=Person("p1")).rater.id != one.rater.id


def test_an_id_that_somebody_appends_to_another_link_is_not_kept(study: OpenStudy) -> None:
    joined = study.raters.join(study.invite(InviteKind.OPEN), person=Person("p1"))
    assert joined.rater.panel_id is None


def test_ids_are_exported_only_when_asked_for(home: Home, tmp_path: Path) -> None:
    world = make_world(home)
    database = open_database(home)
    token = Invitations(database).create(world.study.id, InviteKind.PANEL)[1]
    Raters(database).join(token, person=Person("person-77", "s", "x"))
    Studies(database).recruit(world.study.id, replace(PROLIFIC, completion="SECRET-CODE"))
    Studies(database).close(world.study.id)
    for file in export_study(database, world.study.id, tmp_path / "usual"):
        assert b"person-77" not in file.read_bytes() and b"SECRET-CODE" not in file.read_bytes(), file.name
    export_study(database, world.study.id, tmp_path / "asked", panel_ids=True)
    raters = pd.read_csv(tmp_path / "asked" / "raters.csv")
    assert raters["panel_id"].tolist() == ["person-77"] and raters["part"].tolist() == [Part.NO_ITEM.value]


def test_ids_are_erased_once_the_study_is_closed(study: OpenStudy) -> None:
    joined = study.raters.join(study.invite(InviteKind.PANEL), person=Person("p1", "s", "x"))
    study.raters.join(study.invite(InviteKind.OPEN))
    with pytest.raises(StudyError, match="Close it first"):
        study.raters.forget_panel(study.id)
    study.studies.close(study.id)
    assert study.raters.forget_panel(study.id) == 1 and study.raters.forget_panel(study.id) == 0
    rater = study.raters.resume(joined.resume_token)
    assert (rater.panel_id, rater.panel_study, rater.panel_session) == (None, None, None)


def test_two_tries_and_out(study: OpenStudy) -> None:
    rater = study.arrive()
    questions = (ONE, TWO)
    wrong = {**RIGHT, TWO.prompt: "for"}
    assert try_check(study.database, rater.id, questions, wrong, number=1) == Standing(False, 1)
    # The same try again, as by a second click, is none.
    assert try_check(study.database, rater.id, questions, wrong, number=1) == Standing(False, 1)
    assert try_check(study.database, rater.id, questions, {}, number=2) == Standing(False, 0)
    with pytest.raises(RaterError, match="has ended"):
        try_check(study.database, rater.id, questions, RIGHT, number=3)
    with pytest.raises(RaterError, match="has ended"):
        study.slots.next(rater.id)
    assert [event.kind.value for event in study.events("misunderstood", "screened out")] == [
        "misunderstood",
        "misunderstood",
        "screened out",
    ]


def test_passing_at_the_second_try(make_study: Any) -> None:
    study = make_study(comprehension=True)
    rater = study.arrive()
    with pytest.raises(RaterError, match="questions about the instructions first"):
        study.slots.next(rater.id)
    try_check(study.database, rater.id, (ONE,), {ONE.prompt: "against"}, number=1)
    assert try_check(study.database, rater.id, (ONE,), RIGHT, number=2).understood
    assert study.slots.next(rater.id) is not None


def test_where_nothing_is_asked_nothing_is_waited_for(study: OpenStudy) -> None:
    assert study.slots.next(study.arrive().id) is not None


def test_the_order_of_answers_says_nothing_and_stays() -> None:
    firsts = [CheckQuestion(f"Question {n}?", "right", ("wrong", "worse")).shown()[0] for n in range(300)]
    assert 0.2 < firsts.count("right") / 300 < 0.47  # a third, within four standard errors
    assert ONE.shown() == ONE.shown() and sorted(ONE.shown()) == ["against", "for", "nothing"]


@pytest.mark.parametrize("parts", [("", "a", ("b",)), ("q", "a", ()), ("q", "a", ("a",)), ("q", " ", ("b",))])
def test_a_question_that_cannot_be_asked(parts: tuple[str, str, tuple[str, ...]]) -> None:
    with pytest.raises(InputError):
        CheckQuestion(*parts)


def test_a_design_without_a_check_is_hashed_as_before_and_one_with_it_comes_back() -> None:
    plain = made_up("rating", "random", "random")
    assert "comprehension" not in plain.design.to_dict()
    checked = replace(plain.design, comprehension=(ONE, TWO))
    assert StudyDesign.from_dict(checked.to_dict()) == checked
    assert as_simulated(replace(plain, design=checked)).design.comprehension == ()
    with pytest.raises(InputError, match="at most 3"):
        replace(plain.design, comprehension=(ONE,) * 4)


def test_the_paragraph_counts_those_who_were_screened_out(home: Home) -> None:
    world = make_world(home, comprehension=(ONE,))
    database = open_database(home)
    rater = Raters(database).consent(Raters(database).join(world.token).rater.id)
    for number in (1, 2):
        try_check(database, rater.id, (ONE,), {}, number=number)
    answered = read_answers_of(database, world.study.id, world.locked)
    assert list(answered.participation.parts.values()) == [Part.SCREENED_OUT]
    paragraph = methods_paragraph(world.study, world.locked, answered)
    assert "raters had to answer 1 question about the instructions, in at most 2 tries." in paragraph
    assert "1 rater did not pass the comprehension check and saw no item." in paragraph
