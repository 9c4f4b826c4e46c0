"""Designs: what fits together, and how texts are chosen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from bcos_core.errors import BcosError, DataError, InputError, UnknownNameError
from bcos_core.study.design import Condition, StudyDesign
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.question import Question
from bcos_core.study.selection import Candidate, Source, select_texts
from bcos_core.tasks.registry import TASK_TYPES

BCOS, TWIN = Condition("/models/bcos", "bcos"), Condition("/models/twin", "occlusion")
PLAIN = Condition("/models/bcos")


def test_a_design_has_the_questions_and_instructions_of_its_protocol() -> None:
    design = StudyDesign("Readers", (BCOS, TWIN))
    assert [question.name for question in design.questions] == ["interpretability", "agreement"]
    assert design.instructions == PROTOCOLS["rating"].instructions_for(TASK_TYPES["single-label"])
    assert "blue words speak for it" in design.instructions and "{" not in design.instructions
    assert design.cells == (BCOS.id, TWIN.id)


def test_a_paired_design_has_both_orders_of_every_pair() -> None:
    third = Condition("/models/twin", "saliency")
    cells = StudyDesign("Pairs", (BCOS, TWIN, third), protocol="paired").cells
    assert len(cells) == 6
    assert {tuple(sorted(cell.split("|"))) for cell in cells} == {
        tuple(sorted(pair)) for pair in ((BCOS.id, TWIN.id), (BCOS.id, third.id), (TWIN.id, third.id))
    }


def test_a_condition_is_named_without_saying_what_it_is() -> None:
    assert "bcos" not in BCOS.id and "occlusion" not in TWIN.id
    assert BCOS.id != Condition("/models/bcos", "bcos", seed=1).id


def test_a_design_survives_being_stored() -> None:
    design = StudyDesign(
        "Store",
        (Condition("/models/twin", "lime", options={"samples": 30}), PLAIN),
        protocol="simulation",
        instructed=0,
    )
    assert StudyDesign.from_dict(design.to_dict()) == design


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"title": " "}, "title"),
        ({"conditions": (BCOS,)}, "at least 2"),
        ({"conditions": (BCOS, BCOS)}, "the same"),
        ({"conditions": (BCOS, PLAIN)}, "no heatmap"),
        ({"protocol": "simulation", "conditions": (PLAIN, Condition("/models/twin"))}, "Every condition"),
        ({"items_per_rater": 25}, "25 items, but the study has 24"),
        ({"protocol": "edit", "conditions": (BCOS, PLAIN)}, "no instructed checks"),
        ({"protocol": "trust", "conditions": (BCOS, PLAIN), "random": 1}, "random"),
        ({"raters_per_item": 0}, "raters per item is 0"),
        ({"consent": "x" * 20_001}, "20,001"),
        ({"questions": (PROTOCOLS["trust"].questions[0],)}, "scales only"),
    ],
)
def test_what_does_not_fit_is_said_in_words(changes: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        StudyDesign(**{"title": "Bad", "conditions": (BCOS, TWIN), **changes})  # type: ignore[arg-type]


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="rating"):
        StudyDesign("Bad", (BCOS, TWIN), protocol="survey")
    with pytest.raises(UnknownNameError, match="occlusion"):
        Condition("/models/bcos", "magic")


def test_a_rating_study_may_ask_other_questions() -> None:
    trust = Question("trust", "Would you rely on this?", "scale", ("No", "Perhaps", "Yes"))
    design = StudyDesign("Own", (BCOS, TWIN), questions=(trust,))
    assert design.questions == (trust,)
    assert trust.shown(()) == {1: "No", 2: "Perhaps", 3: "Yes"}
    with pytest.raises(InputError, match="each name once"):
        StudyDesign("Own", (BCOS, TWIN), questions=(trust, trust))


def _candidates() -> list[Candidate]:
    """90 right and 10 wrong answers, half of each class, in lengths of 5 to 24 words."""
    return [
        Candidate(f"text {number} " + "word " * (3 + number % 20), "ab"[number % 2], number % 10 != 0)
        for number in range(100)
    ]


def test_strata_get_equal_numbers_as_far_as_they_reach() -> None:
    chosen = select_texts(_candidates(), Source(count=30, strata=("label", "correct")))
    counts = Counter((candidate.label, candidate.correct) for candidate in chosen)
    # Wrong answers are numbers 0, 10, 20, …: all of class "a", 10 of them; ("b", wrong) does not exist.
    assert counts == {("a", True): 10, ("b", True): 10, ("a", False): 10}
    first = Counter((candidate.label, candidate.correct) for candidate in chosen[:12])
    assert set(first.values()) == {4}


def test_length_is_a_stratum_of_thirds() -> None:
    chosen = select_texts(_candidates(), Source(count=30, strata=("length",)))
    lengths = sorted(len(candidate.text.split()) for candidate in chosen)
    assert sum(length <= 11 for length in lengths) == sum(length > 18 for length in lengths) == 10


def test_the_same_seed_gives_the_same_texts_and_another_seed_others() -> None:
    one, again = (select_texts(_candidates(), Source(count=20)) for _ in range(2))
    other = select_texts(_candidates(), Source(count=20, seed=1))
    assert one == again
    assert {candidate.text for candidate in one} != {candidate.text for candidate in other}


def test_more_texts_for_practice_leave_the_items_as_they_are() -> None:
    assert select_texts(_candidates(), Source(count=20), extra=3)[:20] == select_texts(_candidates(), Source(count=20))


def test_a_collection_is_taken_in_its_order() -> None:
    candidates = _candidates()[::-1]
    assert select_texts(candidates, Source(count=5, collection="mine")) == candidates[:5]


def test_texts_are_filtered_by_words_and_by_what_the_model_answered() -> None:
    only = Source(count=8, contains="TEXT 2", answered="wrong", strata=())
    with pytest.raises(DataError, match="has 1 text.*with “TEXT 2” in them and answered wrongly by the model"):
        select_texts(_candidates(), only)
    # Numbers 2 and 20 to 29: all but 20 are answered rightly.
    right = select_texts(_candidates(), replace(only, answered="right", least=1))
    assert {candidate.text.split()[1] for candidate in right} < {"2", *map(str, range(21, 30))}
    unlabelled = [replace(candidate, correct=None) for candidate in _candidates()]
    with pytest.raises(DataError, match="has 0 texts"):
        select_texts(unlabelled, only)


def test_too_few_texts_are_counted_in_words() -> None:
    with pytest.raises(DataError, match="has 5 texts of 24 to 60 words; the study needs 12"):
        select_texts(_candidates(), Source(count=10, least=24), extra=2)


def test_a_text_that_is_there_twice_counts_once() -> None:
    twice = [Candidate("one two three four five", "a", True)] * 2
    with pytest.raises(DataError, match="has 1 text"):
        select_texts(twice, Source(count=2))


def test_bad_numbers_of_a_source() -> None:
    for changes in (
        {"count": 0},
        {"least": 9, "most": 3},
        {"strata": ("colour",)},
        {"answered": "maybe"},
        {"contains": "x" * 201},
    ):
        with pytest.raises(BcosError):
            Source(**changes)
