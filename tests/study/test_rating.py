"""From the first item to the completion code: what is given, saved, refused, changed and taken back."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from bcos_core.errors import (
    AnswerError,
    RaterError,
    SlotError,
    StudyClosedError,
    StudyError,
    StudyFullError,
    TooManyAnswersError,
)
from bcos_core.study.answer_form import AnswerForm, Choice, FreeText, Number
from bcos_core.study.answer_rows import answer_rows
from bcos_core.study.answers import Answers
from bcos_core.study.slots import Slot
from tests.study.open_study import OpenStudy

MakeStudy = Callable[..., OpenStudy]


def next_of(study: OpenStudy, rater: str) -> Slot:
    slot = study.slots.next(rater)
    assert slot is not None
    return slot


def test_a_rater_answers_everything_and_gets_a_code(study: OpenStudy) -> None:
    rater = study.arrive()
    with pytest.raises(StudyError, match="something left to answer"):
        study.slots.finish(rater.id)
    assert study.slots.of(rater.id) == []  # asking for the code has opened nothing
    for answered in range(3):
        assert study.slots.progress(study.slots.of(rater.id)) == (answered, 3)
        study.answer(rater)
    assert study.slots.next(rater.id) is None
    assert study.slots.progress(study.slots.of(rater.id)) == (3, 3)
    code = study.slots.finish(rater.id)
    assert len(code) == 10 and study.slots.finish(rater.id) == code
    assert study.raters.of(study.id)[0].completion_code == code
    assert [event.kind for event in study.events("joined", "consented", "answered", "finished")] == [
        "joined",
        "consented",
        *["answered"] * 3,
        "finished",
    ]


def test_a_rater_is_finished_with_the_last_answer(study: OpenStudy) -> None:
    """Also one who never presses Next after it; and not a moment before."""
    rater = study.arrive()
    for _ in range(3):
        assert study.raters.of(study.id)[0].finished_at is None
        study.answer(rater)
    (done,) = study.raters.of(study.id)
    assert done.finished_at is not None and done.completion_code == study.slots.finish(rater.id)
    assert len(study.events("finished")) == 1


def test_nobody_gets_a_code_for_no_item(make_study: MakeStudy) -> None:
    study = make_study(items=("i1",), items_per_rater=1, raters_per_item=1, cells=("a",), practice=("p1",))
    first = study.arrive()
    assert not study.slots.is_full()
    study.answer(first)
    late = study.arrive()
    study.answer(first)
    assert study.slots.is_full()
    study.answer(late)  # the practice item alone
    assert study.slots.next(late.id) is None
    with pytest.raises(StudyFullError):
        study.slots.finish(late.id)
    by_arrival = {one.arrival: one for one in study.raters.of(study.id)}
    assert by_arrival[0].completion_code and not by_arrival[1].completion_code


def test_a_study_is_not_full_while_an_item_is_only_abandoned(make_study: MakeStudy) -> None:
    study = make_study(items=("i1",), items_per_rater=1, raters_per_item=1, cells=("a",))
    study.slots.next(study.arrive().id)
    assert study.slots.is_full() and not study.impatient.is_full()


def test_an_answer_is_complete_when_every_required_dimension_is_there(study: OpenStudy) -> None:
    rater = study.arrive()
    slot = next_of(study, rater.id)
    assert not study.answers.save(rater.id, slot.id, {"clear": 5}, key="1").complete
    assert next_of(study, rater.id).id == slot.id
    assert not study.answers.save(rater.id, slot.id, {"remark": "<b>bold</b> & 'quoted'"}, key="2").complete
    assert study.answers.save(rater.id, slot.id, {"agree": 1}, key="3").complete
    assert next_of(study, rater.id).id != slot.id
    assert study.answers.given(rater.id) == {slot.id: {"clear": 5, "agree": 1, "remark": "<b>bold</b> & 'quoted'"}}


def test_the_same_key_is_saved_once(study: OpenStudy) -> None:
    rater = study.arrive()
    slot = next_of(study, rater.id)
    answer: dict[str, Any] = {
        "rater": rater.id,
        "slot": slot.id,
        "values": {"clear": 4, "agree": 2},
        "key": "one click",
    }
    first, again = study.answers.save(**answer), study.answers.save(**answer)
    assert (first.repeated, again.repeated, again.complete, again.at) == (False, True, True, first.at)
    assert study.rows() == [(slot.item, "agree", 2), (slot.item, "clear", 4)]
    assert len(study.events("answered", "changed")) == 1
    for other in ({"clear": 5, "agree": 2}, {"clear": 4}):
        with pytest.raises(AnswerError, match="saved with this key before"):
            study.answers.save(**{**answer, "values": other})
    second = next_of(study, rater.id)
    with pytest.raises(AnswerError, match="saved with this key before"):
        study.answers.save(**{**answer, "slot": second.id})
    # The key is the rater's own: another one may have made the same.
    other_rater = study.arrive()
    assert not study.answers.save(
        other_rater.id, next_of(study, other_rater.id).id, {"clear": 1}, key="one click"
    ).repeated
    # An acknowledged answer is acknowledged again after the study was closed.
    study.studies.close(study.id)
    assert study.answers.save(**answer).repeated
    assert len(study.rows()) == 3


def test_many_clicks_at_once_are_one_answer(study: OpenStudy) -> None:
    rater = study.arrive()
    slot = next_of(study, rater.id)
    saved = in_threads(8, lambda: study.answers.save(rater.id, slot.id, {"clear": 3, "agree": 3}, key="k").repeated)
    assert sorted(saved) == [False] + [True] * 7
    assert len(study.rows()) == 2 and len(study.events("answered", "changed")) == 1


def test_two_tabs_get_the_same_item(study: OpenStudy) -> None:
    rater = study.arrive()
    assert len(set(in_threads(8, lambda: next_of(study, rater.id).id))) == 1
    assert len(study.slots.of(rater.id)) == 1


def test_going_back_changes_the_answer_and_keeps_the_change(study: OpenStudy) -> None:
    rater = study.arrive()
    first = study.answer(rater)
    second = next_of(study, rater.id)
    changed = study.answers.save(rater.id, first.id, {"clear": 1}, key="changed my mind")
    assert changed.changed and changed.complete
    assert study.answers.given(rater.id)[first.id] == {"clear": 1, "agree": 2}
    (event,) = study.events("changed")
    assert event.payload["before"] == {"clear": 4} and event.payload["values"] == {"clear": 1}
    assert next_of(study, rater.id).id == second.id
    assert not study.answers.save(rater.id, first.id, {"clear": 1}, key="the same again").changed


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "no answer to save"),
        ({"clear": 6}, "takes one of 1, 2, 3, 4, 5"),
        ({"clear": "4"}, "takes one of"),
        ({"clear": 4.0}, "takes one of"),
        ({"clear": True}, "takes one of"),
        ({"clear": None}, "takes one of"),
        ({"clear": 4, "bribe": 1}, "'bribe' is not asked here"),
        ({"remark": 5}, "takes a text"),
        ({"remark": "a\0b"}, "characters in it that are none"),
        ({"remark": "a \ud800"}, "characters in it that are none"),
        ({"remark": "x" * 10_001}, "at most 10,000 characters; this text has 10,001"),
        ({"clear": 4, "remark": "é" * 50_000}, "at most 10,000 characters"),
    ],
)
def test_values_that_are_not_allowed(study: OpenStudy, values: dict[str, Any], words: str) -> None:
    rater = study.arrive()
    slot = next_of(study, rater.id)
    with pytest.raises(AnswerError, match=words):
        study.answers.save(rater.id, slot.id, values, key="k")
    assert study.rows() == [] and study.events("answered") == []


def test_the_longest_text_and_strange_characters_are_kept_as_they_are(study: OpenStudy) -> None:
    rater = study.arrive()
    slot = next_of(study, rater.id)
    text = "<script>alert('é文')</script>\n\u2028" + "x" * 9000
    study.answers.save(rater.id, slot.id, {"remark": text}, key="k")
    assert study.rows() == [(slot.item, "remark", text)]


@pytest.mark.parametrize("key", ["", "k" * 65])
def test_unusable_keys(study: OpenStudy, key: str) -> None:
    rater = study.arrive()
    with pytest.raises(AnswerError, match="1 to 64 characters"):
        study.answers.save(rater.id, next_of(study, rater.id).id, {"clear": 1}, key=key)


def test_the_slot_of_another_rater_and_an_unknown_one_are_refused_with_the_same_words(make_study: MakeStudy) -> None:
    study, other_study = make_study(), make_study()
    own, other, elsewhere = study.arrive(), study.arrive(), other_study.arrive()
    theirs, far = next_of(study, other.id), next_of(other_study, elsewhere.id)
    said = set()
    for rater, slot in ((own, theirs.id), (own, "unknown"), (own, far.id), (elsewhere, far.id)):
        with pytest.raises(SlotError) as caught:
            study.answers.save(rater.id, slot, {"clear": 1}, key="k")
        said.add(str(caught.value))
    assert len(said) == 1
    assert study.rows() == other_study.rows() == []
    with pytest.raises(StudyError, match="another study"):
        study.slots.next(elsewhere.id)
    with pytest.raises(RaterError, match="not known"):
        study.answers.save("nobody", theirs.id, {"clear": 1}, key="k")


def test_nothing_is_given_or_saved_when_the_study_is_closed(study: OpenStudy) -> None:
    rater = study.arrive()
    done, slot = study.answer(rater), next_of(study, rater.id)
    study.studies.close(study.id)
    for act in (
        lambda: study.slots.next(rater.id),
        lambda: study.answers.save(rater.id, slot.id, {"clear": 1}, key="k"),
        lambda: study.answers.save(rater.id, done.id, {"clear": 1}, key="k"),
        lambda: study.raters.consent(rater.id),
        lambda: study.slots.finish(rater.id),
    ):
        with pytest.raises(StudyClosedError, match="has ended.*is kept"):
            act()
    assert study.rows() == [(done.item, "agree", 2), (done.item, "clear", 4)]


def test_nothing_is_given_before_consent(study: OpenStudy) -> None:
    joined = study.raters.join(study.invite())
    with pytest.raises(RaterError, match="agree to take part"):
        study.slots.next(joined.rater.id)
    assert study.raters.consent(joined.rater.id) == study.raters.consent(joined.rater.id)
    assert study.slots.next(joined.rater.id) is not None
    assert len(study.events("consented")) == 1


@pytest.mark.parametrize("way", ["withdraw", "exclude"])
def test_who_is_out_is_given_nothing_and_their_items_go_to_others(make_study: MakeStudy, way: str) -> None:
    study = make_study(items=("only",), items_per_rater=1, raters_per_item=1)
    token = study.invite()
    rater = study.raters.consent(study.raters.join(token).rater.id)
    slot = study.answer(rater)
    waiting = study.arrive()
    assert study.slots.next(waiting.id) is None  # the only answer that is wanted has been given
    if way == "withdraw":
        study.raters.withdraw(rater.id)
    else:
        assert study.raters.exclude(rater.id, "failed 2 of 2 checks").exclusion == "failed 2 of 2 checks"
    for act in (
        lambda: study.raters.join(token),
        lambda: study.slots.next(rater.id),
        lambda: study.answers.save(rater.id, slot.id, {"clear": 1}, key="k"),
    ):
        with pytest.raises(RaterError, match="Nothing more is saved"):
            act()
    assert next_of(study, waiting.id).item == "only"
    assert study.rows() == [("only", "agree", 2), ("only", "clear", 4)]  # kept; analysis leaves them out
    assert [event.payload["slot"] for event in study.events("released")] == [slot.id]


def test_an_abandoned_item_goes_to_another_rater_and_comes_back_only_if_it_is_still_wanted(
    make_study: MakeStudy,
) -> None:
    study = make_study(items=("only",), cells=("a",), items_per_rater=1, raters_per_item=1)
    slow, quick = study.arrive(), study.arrive()
    slot = next_of(study, slow.id)
    study.answers.save(slow.id, slot.id, {"clear": 2}, key="before the break")
    taken = study.impatient.next(quick.id)
    assert taken is not None and taken.item == "only"
    assert [event.payload["reason"] for event in study.events("released")] == ["abandoned"]
    with pytest.raises(SlotError, match="given to somebody else.*Your other answers are kept"):
        study.answers.save(slow.id, slot.id, {"agree": 2}, key="after the break")
    assert study.slots.next(slow.id) is None
    # The quick one leaves too: now the slow one gets the same item again, with what was answered before.
    study.raters.withdraw(quick.id)
    assert next_of(study, slow.id).id == slot.id
    assert study.answers.save(slow.id, slot.id, {"agree": 2}, key="after the break").complete
    assert study.answers.given(slow.id) == {slot.id: {"clear": 2, "agree": 2}}


def test_a_late_answer_takes_its_item_back_when_nobody_has_it(make_study: MakeStudy) -> None:
    study = make_study(items=("i1", "i2"), cells=("a",), items_per_rater=1, raters_per_item=2)
    slow, other = study.arrive(), study.arrive()
    slot = next_of(study, slow.id)
    assert study.impatient.next(other.id) is not None
    assert len(study.events("released")) == 1
    assert study.answers.save(slow.id, slot.id, {"clear": 2, "agree": 2}, key="late").complete
    assert len(study.events("given again")) == 1
    assert study.slots.next(slow.id) is None


def test_no_item_gets_more_answers_than_wanted_and_its_cells_stay_in_balance(make_study: MakeStudy) -> None:
    study = make_study(raters_per_item=5, cells=("a", "b", "c"), checks=("check",), practice=("practice",))
    shown: Counter[tuple[str, str]] = Counter()
    for _ in range(7):
        rater = study.arrive()
        while study.slots.next(rater.id) is not None:
            slot = study.answer(rater)
            shown[slot.item, slot.cell] += 1
        if sum(shown.values()) <= 5 * 5:  # two practice or check items and three items for each of five raters
            assert study.slots.finish(rater.id)
        else:
            with pytest.raises(StudyFullError):
                study.slots.finish(rater.id)
    assert shown["practice", ""] == 7
    for item in study.plan.items:
        counts = [shown[item, cell] for cell in study.plan.cells]
        assert sum(counts) == 5 and max(counts) - min(counts) <= 1


def test_the_table_of_answers_marks_those_that_do_not_count(study: OpenStudy) -> None:
    good, gone = study.arrive(), study.arrive()
    first, theirs = study.answer(good), study.answer(gone)
    partly = next_of(study, good.id)
    study.answers.save(good.id, partly.id, {"clear": 1}, key="k")
    study.raters.withdraw(gone.id)
    rows = answer_rows(study.database, study.id)
    assert [(row.arrival, row.position, row.item, row.cell, row.dimension, row.value, row.counts) for row in rows] == [
        (0, 0, first.item, first.cell, "agree", 2, True),
        (0, 0, first.item, first.cell, "clear", 4, True),
        (0, 1, partly.item, partly.cell, "clear", 1, False),
        (1, 0, theirs.item, theirs.cell, "agree", 2, False),
        (1, 0, theirs.item, theirs.cell, "clear", 4, False),
    ]
    assert rows[0].answered_at is not None and rows[0].opened_at < rows[0].answered_at == rows[0].at


def test_numbers_and_forms() -> None:
    number = Number("edits", 0, 10)
    assert [number.refusal(value) is None for value in (0, 10, 2.5, 11, -1, float("nan"), True, "3", None)] == [
        *[True] * 3,
        *[False] * 6,
    ]
    with pytest.raises(AnswerError, match="No dimension is required"):
        AnswerForm((FreeText("remark"),))
    with pytest.raises(AnswerError, match="different names"):
        AnswerForm((Choice("x", (1,)), Number("x", 0, 1)))


def test_a_study_that_was_answered_by_edited_texts(study: OpenStudy) -> None:
    form = AnswerForm((FreeText("edited", required=True), Number("edits", 0, 10), Choice("flipped", (True, False))))
    rater = study.arrive()
    answers = Answers(study.database, study.plan, form)
    assert answers.save(
        rater.id, next_of(study, rater.id).id, {"edited": "", "edits": 0, "flipped": False}, key="k"
    ).complete


def in_threads(count: int, work: Callable[[], Any]) -> list[Any]:
    start = threading.Barrier(count)
    results: list[Any] = []

    def run() -> None:
        start.wait(30)
        results.append(work())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == count
    return results


def test_whoever_changes_answers_without_end_is_refused(make_study: MakeStudy) -> None:
    study = make_study(items=("i1", "i2"), items_per_rater=2)
    rater, other = study.arrive(), study.arrive()
    slot = study.slots.next(rater.id)
    assert slot is not None
    most = 20 * 2 * 3  # for each of two items and three questions
    for number in range(most):
        study.answers.save(rater.id, slot.id, {"clear": 1 + number % 5}, key=f"k{number}")
    with pytest.raises(TooManyAnswersError, match="changed 120 times"):
        study.answers.save(rater.id, slot.id, {"clear": 5}, key="one more")
    assert study.answers.save(rater.id, slot.id, {"clear": 5}, key="k4").repeated  # what was saved is acknowledged
    assert study.answers.given(rater.id) == {slot.id: {"clear": 5}}
    assert len(study.events("answered", "changed")) == most
    study.answer(other)  # nobody else is held up
