"""What simulated raters are made to think is what the statistics find, in every protocol."""

from __future__ import annotations

import math
import statistics
from typing import Any

import pytest

from bcos_core.errors import StudyError
from bcos_core.study.analysis import Analysis
from bcos_core.study.edits import edited_words
from bcos_core.study.forms import form_of
from bcos_core.study.material import KnownItem, Material
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.question import Question
from bcos_core.study.results import analyse
from bcos_core.study.statistics.result import Quantity
from tests.study.simulated import answers_of, made_up, taste_for

RATERS = 60
HEATMAPS = ("random", "random", "random")
SOME_PLAIN = ("random", "", "random")


def between(analysis: Analysis, result: int, last: str, first: str) -> tuple[float, float, float]:
    """(value, low, high) of last − first, whichever way round the result names them."""
    quantities = analysis.results[result].quantities
    for sign, name in ((1, f"{last} − {first}"), (-1, f"{first} − {last}")):
        for one in quantities:
            if one.name.removeprefix("gain, ") == name:
                low, high = sorted((sign * value(one, "low"), sign * value(one, "high")))
                return sign * value(one, "value"), low, high
    raise AssertionError([one.name for one in quantities])


def value(quantity: Quantity, name: str) -> float:
    found = getattr(quantity, name)
    assert found is not None, quantity
    return float(found)


def titles(protocol: str, methods: tuple[str, ...]) -> list[str]:
    return [condition.title for condition in made_up(protocol, *methods).design.conditions]


def analysed(protocol: str, methods: tuple[str, ...], preference: float, **changes: Any) -> list[Analysis]:
    locked = made_up(protocol, *methods, **changes)
    return analyse(answers_of(locked, taste_for(locked, preference), RATERS), locked)


@pytest.mark.parametrize("preference", [0.5, 0.0, -1.0, 3.0, 4.0])
def test_the_mean_difference_of_ratings_is_the_preference(preference: float) -> None:
    locked = made_up("rating", *HEATMAPS, items=60)
    taste = taste_for(locked, preference, seed=1)
    places = [(rater, item.id) for rater in range(60) for item in locked.items]
    for question in ("interpretability", "agreement"):
        ratings = {
            cell: [taste.values(rater, item, cell)[question] for rater, item in places] for cell in locked.design.cells
        }
        assert all(rating in (1, 2, 3, 4, 5) for one in ratings.values() for rating in one)
        first, middle, last = ratings.values()
        for low, high, expected in ((first, last, preference), (first, middle, preference / 2)):
            differences = [up - down for down, up in zip(low, high, strict=True)]
            error = statistics.stdev(differences) / math.sqrt(len(differences))
            assert abs(statistics.fmean(differences) - expected) <= 4 * error  # 0 where the scale leaves no room


def test_ratings_are_analysed_to_the_preference() -> None:
    first, middle, last = titles("rating", HEATMAPS)
    for analysis in analysed("rating", HEATMAPS, 0.8):
        for high, low, truth in ((last, first, 0.8), (middle, first, 0.4)):
            found, least, most = between(analysis, 1, high, low)
            assert least <= truth <= most and 0 < most - least < 0.4, (analysis.title, found)


def test_a_scale_of_another_length_has_the_same_preference() -> None:
    question = Question("clarity", "How clear is it?", "scale", ("No", "So so", "Yes"))
    locked = made_up("rating", "random", "random", questions=(question,))
    taste = taste_for(locked, 1.0)
    (analysis,) = analyse(answers_of(locked, taste, RATERS), locked)
    assert set(analysis.values["value"]) == {1, 2, 3}
    _, least, most = between(analysis, 1, *(one.title for one in reversed(locked.design.conditions)))
    assert least <= 1 <= most and most - least < 0.3
    with pytest.raises(StudyError, match="Choose −2 to 2"):
        taste_for(locked, 2.5)


def test_pairs_are_on_the_bradley_terry_scale_of_the_preference() -> None:
    first, middle, last = titles("paired", HEATMAPS)
    (analysis,) = analysed("paired", HEATMAPS, 1.2)
    for high, low, truth in ((last, first, 1.2), (last, middle, 0.6), (middle, first, 0.6)):
        found, least, most = between(analysis, 0, high, low)
        assert least <= truth <= most and most - least < 0.8, found
    # ν has no interval; with some 1,440 comparisons its log has a standard error of about 0.06.
    assert value(analysis.results[0]["ν, weight of no preference"], "value") == pytest.approx(0.5, rel=0.25)


def test_equally_good_ones_have_no_preferred_side() -> None:
    locked = made_up("paired", *HEATMAPS)
    taste = taste_for(locked, 0.0)
    given = [
        taste.values(rater, item.id, cell)["preference"]
        for rater in range(30)
        for item in locked.items
        for cell in locked.design.cells
    ]
    for side, share in (("left", 0.4), ("right", 0.4), ("none", 0.2)):  # 1, 1 and ν = 0.5 of 2.5
        assert abs(given.count(side) / len(given) - share) <= 4 * math.sqrt(share * (1 - share) / len(given))


def test_right_guesses_rise_with_the_condition_and_only_after_the_heatmap() -> None:
    first, middle, last = titles("simulation", SOME_PLAIN)
    (analysis,) = analysed("simulation", SOME_PLAIN, 0.4)
    gain = analysis.results[0]
    # Before: 0.5 everywhere. After: 0.65 ± 0.2, so that the gains are −0.05, 0.15 and 0.35.
    for title, after in ((first, 0.45), (middle, 0.65), (last, 0.85)):
        for name, truth in (("accuracy before", 0.5), ("accuracy after", after), ("gain", after - 0.5)):
            one = gain[f"{name}, {title}"]
            assert value(one, "low") <= truth <= value(one, "high"), (name, title, one)
            assert value(one, "high") - value(one, "low") < 0.2
    _, least, most = between(analysis, 0, last, first)
    assert least <= 0.4 <= most


def test_right_verdicts_rise_with_the_condition() -> None:
    first, middle, last = titles("trust", SOME_PLAIN)
    (analysis,) = analysed("trust", SOME_PLAIN, 0.4)
    for title, truth in ((first, 0.45), (middle, 0.65), (last, 0.85)):
        one = analysis.results[0][title]
        assert value(one, "low") <= truth <= value(one, "high"), (title, one)
    _, least, most = between(analysis, 1, last, first)
    assert least <= 0.4 <= most and most - least < 0.2


def test_a_text_without_a_label_has_no_right_verdict() -> None:
    item = KnownItem("a text", predictions={"a": ("yes", 0.9), "b": ("yes", 0.9)})
    material = Material("trust", ("a", "b"), {"right": ("yes", "no")}, {"i": item})
    given = [PROTOCOLS["trust"].taste_of(material, 0.7).values(rater, "i", "b")["right"] for rater in range(1000)]
    assert 400 < given.count("yes") < 600


def test_answers_are_flipped_as_often_as_the_condition_says() -> None:
    first, middle, last = titles("edit", SOME_PLAIN)
    flipped, edits, change = analysed("edit", SOME_PLAIN, 0.6)
    for title, truth in ((first, 0.2), (middle, 0.5), (last, 0.8)):
        one = flipped.results[0][title]
        assert value(one, "low") <= truth <= value(one, "high"), (title, one)
    _, least, most = between(flipped, 1, last, first)
    assert least <= 0.6 <= most and most - least < 0.2
    for title in (first, middle, last):  # 1 to 4 words, as often each
        one = edits.results[0][title]
        assert value(one, "low") <= 2.5 <= value(one, "high"), (title, one)
    assert between(change, 1, last, first)[1] > 0  # more flips, deeper falls


def test_an_edit_is_what_it_says_it_is() -> None:
    locked = made_up("edit", *SOME_PLAIN, tries=3)
    taste = taste_for(locked)
    for rater in range(20):
        for item in locked.items:
            for cell in locked.design.cells:
                given = taste.values(rater, item.id, cell)
                assert edited_words(item.text, given["edit"]) == given["edits"]
                after = item.records[cell].probabilities[item.records[cell].predicted] - given["change"]
                assert (after <= 0.5) == given["flipped"]  # there are two classes
                assert 1 <= given["tries"] <= 3


@pytest.mark.parametrize("protocol", list(PROTOCOLS))
def test_every_protocol_has_a_taste_whose_answers_its_form_takes(protocol: str) -> None:
    plain = "" if PROTOCOLS[protocol].without_heatmap else "random"
    locked = made_up(protocol, *["random"] * (PROTOCOLS[protocol].least_conditions - 1), plain)
    form = form_of(locked)
    for preference in (None, PROTOCOLS[protocol].taste.usual, taste_for(locked).widest, -taste_for(locked).widest):
        taste = taste_for(locked, preference)
        for rater in range(5):
            for item in locked.items:
                for cell in locked.design.cells:
                    given = taste.values(rater, item.id, cell)
                    form.check(given)
                    form.check_together(given)
                    assert form.required == given.keys()


@pytest.mark.parametrize("protocol", list(PROTOCOLS))
def test_a_rater_says_the_same_again_and_another_something_else(protocol: str) -> None:
    locked = made_up(protocol, *["random"] * PROTOCOLS[protocol].least_conditions)
    first, again, other = (
        [taste_for(locked).values(rater, item.id, locked.design.cells[0]) for item in locked.items]
        for rater in (1, 1, 2)
    )
    assert first == again != other


def test_checks_are_failed_in_one_case_of_twenty() -> None:
    questions = {"clear": (1, 2, 3, 4, 5), "agree": (1, 2, 3, 4, 5)}
    item = KnownItem("Please answer 2 and then 4.", cell="a", expected={"clear": (2,), "agree": (4, 5)})
    taste = PROTOCOLS["rating"].taste_of(Material("rating", ("a", "b"), questions, {"check": item}), 4.0)
    given = [taste.values(rater, "check", "") for rater in range(2000)]
    failed = [one for one in given if one["clear"] != 2 or one["agree"] not in (4, 5)]
    assert abs(len(failed) / 2000 - 0.05) <= 4 * math.sqrt(0.05 * 0.95 / 2000)
    assert all(one["clear"] != 2 and one["agree"] in (1, 2, 3) for one in failed)


def test_checks_of_picks_are_answered_with_two_different_ones() -> None:
    letters = ("A", "B", "C")
    for expected in ({"best": ("B",), "worst": ("C",)}, {"best": ("A", "C"), "worst": letters}):
        item = KnownItem("Please.", cell="a|b|c", expected=expected)
        material = Material("best_worst", ("a", "b", "c"), {"best": letters, "worst": letters}, {"check": item})
        taste = PROTOCOLS["best_worst"].taste_of(material, 1.0)
        given = [taste.values(rater, "check", "") for rater in range(1000)]
        assert all(one["best"] != one["worst"] for one in given)
        failed = [one for one in given if any(one[name] not in passing for name, passing in expected.items())]
        assert abs(len(failed) / 1000 - 0.05) <= 4 * math.sqrt(0.05 * 0.95 / 1000)


def test_a_preference_that_does_not_fit() -> None:
    for preference in (4.5, -4.5, math.nan):
        with pytest.raises(StudyError, match="points by which .* Choose −4 to 4"):
            taste_for(made_up("rating", "random", "random"), preference)
    with pytest.raises(StudyError, match="Choose −0.7 to 0.7"):
        taste_for(made_up("simulation", "random", ""), 0.8)
