"""Best–worst scaling: scores by hand, the logit against a naive likelihood, raters of known taste, the whole way."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from bcos_core.errors import AnswerError, DataError, InputError
from bcos_core.home import Home
from bcos_core.render.study_export import export_study
from bcos_core.storage.upgrade import open_database
from bcos_core.study.answers import Answers
from bcos_core.study.design import Condition
from bcos_core.study.forms import form_of, plan_of
from bcos_core.study.locked import LockedItem
from bcos_core.study.orders import ordered_sets
from bcos_core.study.paragraph import methods_paragraph
from bcos_core.study.plan import PAIR
from bcos_core.study.power_hint import power_hint
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.raters import Raters
from bcos_core.study.results import analyse, findings, read_answers_of
from bcos_core.study.selection import Source
from bcos_core.study.slots import Slots
from bcos_core.study.statistics.best_worst import best_worst_logit, counting_scores
from bcos_core.study.statistics.means import condition_differences, condition_means
from bcos_core.study.studies import Studies
from tests.study.answering import answer_all
from tests.study.simulated import answers_of, made_up, taste_for
from tests.study.world import World, make_world


def _sets(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    """Rows of rater, item, conditions in a row of letters, best, worst."""
    frame = pd.DataFrame(rows, columns=["rater", "item", "shown", "best", "worst"])
    return frame.assign(shown=[tuple(one) for one in frame["shown"]])


def test_counting_scores_by_hand() -> None:
    sets = _sets(
        ("r1", "i1", "abc", "a", "c"),
        ("r1", "i2", "bca", "a", "b"),
        ("r2", "i1", "cab", "b", "c"),
        ("r2", "i2", "abc", "a", "c"),
    )
    means = condition_means(counting_scores(sets))
    # a: best 3 times of 4. b: best once, worst once. c: worst 3 times.
    assert [means[name].value for name in "abc"] == [0.75, 0.0, -0.75]


def test_of_two_the_logit_is_half_the_log_odds() -> None:
    # P(best a, worst b) = e^d / (e^d + e^−d): of 40 sets, a is best in 30, so 2 d = log 3.
    rows = [(f"r{n % 8}", f"i{n % 10}", "ab", *(("a", "b") if n % 4 else ("b", "a"))) for n in range(40)]
    found = best_worst_logit(_sets(*rows))
    assert found["a − b"].value == pytest.approx(math.log(3) / 2)
    assert found["log worth of a"].value == pytest.approx(math.log(3) / 4)


def _naive(sets: pd.DataFrame, names: str) -> dict[str, float]:
    """Log worths about their mean, by a likelihood that is written out."""

    def loss(free: np.ndarray) -> float:
        worth = dict(zip(names, (0.0, *free), strict=True))
        total = 0.0
        for one in sets.itertuples():
            weights = {pair: math.exp(worth[pair[0]] - worth[pair[1]]) for pair in itertools.permutations(one.shown, 2)}
            total -= math.log(weights[(one.best, one.worst)] / sum(weights.values()))
        return total

    found = optimize.minimize(loss, np.zeros(len(names) - 1), tol=1e-12).x
    worth = np.array((0.0, *found))
    return dict(zip(names, worth - worth.mean(), strict=True))


def _draw(
    worth: dict[str, float], raters: int, items: int, size: int, draw: np.random.Generator, taste: float = 0.0
) -> pd.DataFrame:
    """Sets of the model; with `taste`, each rater's and each item's own worths differ by so much."""
    names = sorted(worth)
    own = {who: dict(zip(names, draw.normal(0, taste, len(names)), strict=True)) for who in range(raters)}
    its = {which: dict(zip(names, draw.normal(0, taste, len(names)), strict=True)) for which in range(items)}
    rows = []
    for rater, item in itertools.product(range(raters), range(items)):
        shown = tuple(draw.permutation(names)[:size])
        here = {name: worth[name] + own[rater][name] + its[item][name] for name in shown}
        pairs = list(itertools.permutations(shown, 2))
        weights = np.exp([here[best] - here[worst] for best, worst in pairs])
        best, worst = pairs[draw.choice(len(pairs), p=weights / weights.sum())]
        rows.append((f"r{rater}", f"i{item}", shown, best, worst))
    return pd.DataFrame(rows, columns=["rater", "item", "shown", "best", "worst"])


@pytest.mark.parametrize("size", [3, 4])
def test_the_logit_against_a_naive_likelihood(size: int) -> None:
    sets = _draw({"a": 0.5, "b": 0.0, "c": -0.2, "d": 0.3}, 8, 10, size, np.random.default_rng(size))
    found = best_worst_logit(sets)
    for name, value in _naive(sets, "abcd").items():
        assert found[f"log worth of {name}"].value == pytest.approx(value, abs=1e-4)


RUNS = 120


def test_a_known_truth_is_covered_and_nothing_is_found_where_there_is_nothing() -> None:
    """20 raters × 24 items, three conditions, tastes that differ: 95 % intervals cover the difference of the scores
    that such raters have on the whole; of conditions that are alike, 5 % are called different. Within what 120 runs can
    tell."""
    draw = np.random.default_rng(7)
    worth = {"a": 0.6, "b": 0.0, "c": 0.0}
    large = condition_means(counting_scores(_draw(worth, 300, 300, 3, draw, taste=0.3)))
    truth = (large["a"].value or 0.0) - (large["b"].value or 0.0)
    covered, alike, logit_alike = 0, 0, 0
    for _ in range(RUNS):
        sets = _draw(worth, 20, 24, 3, draw, taste=0.3)
        apart = condition_differences(counting_scores(sets))
        one = apart["a − b"]
        assert one.low is not None and one.high is not None
        covered += one.low <= truth <= one.high
        alike += (apart["b − c"].p or 1.0) < 0.05
        logit_alike += (best_worst_logit(sets)["b − c"].p or 1.0) < 0.05
    assert covered / RUNS > 0.9
    assert alike / RUNS < 0.1 and logit_alike / RUNS < 0.1


def test_what_no_finite_worth_explains_is_undefined() -> None:
    always = _sets(*[(f"r{n % 8}", f"i{n}", "abc", "a", "c") for n in range(16)])
    assert "no finite size" in best_worst_logit(always).undefined
    apart = _sets(*[(f"r{n % 8}", f"i{n}", *(("ab", "a", "b") if n % 2 else ("cd", "c", "d"))) for n in range(16)])
    assert "never shown together" in best_worst_logit(apart).undefined
    assert best_worst_logit(_sets()).undefined == "There are no answers."


@pytest.mark.parametrize("row", [("r", "i", "abc", "a", "a"), ("r", "i", "abc", "a", "d")])
def test_a_choice_that_is_none_is_refused(row: tuple[str, str, str, str, str]) -> None:
    with pytest.raises(DataError, match="expected two of a, b, c"):
        best_worst_logit(_sets(row))


@pytest.mark.parametrize(("n", "size", "sets"), [(3, 3, 6), (4, 4, 4), (5, 4, 20), (6, 4, 60)])
def test_every_condition_stands_at_every_place_equally_often(n: int, size: int, sets: int) -> None:
    rows = ordered_sets(n, size)
    assert len(rows) == len(set(rows)) == sets
    places = Counter((treatment, place) for row in rows for place, treatment in enumerate(row))
    assert len(places) == n * size and len(set(places.values())) == 1
    together = Counter(pair for row in rows for pair in itertools.combinations(sorted(row), 2))
    assert len(together) == math.comb(n, 2) and len(set(together.values())) == 1


def test_of_two_the_sets_are_all_ordered_pairs() -> None:
    assert ordered_sets(3, 2) == tuple(itertools.permutations(range(3), 2))
    assert ordered_sets(3, 1) == ((0,), (1,), (2,))


EVERYTHING: dict[str, Any] = {
    "protocol": "best_worst",
    "conditions": lambda bcos, twin: (
        Condition(bcos, "bcos"),
        Condition(bcos, "saliency"),
        Condition(twin, "input_x_gradient"),
    ),
    "source": Source(count=8),
    "items_per_rater": 8,
    "raters_per_item": 8,
    "practice": 1,
    "instructed": 1,
    "random": 1,
}


def _rule(world: World) -> Any:
    """The first condition is best and the last is worst; every fourth rater turns it round. Checks are passed."""
    ids = [condition.id for condition in world.locked.design.conditions]

    def rule(rater: int, item: LockedItem, cell: str) -> dict[str, Any]:
        if item.expected:
            best, worst = (item.expected[name] for name in ("best", "worst"))
            first = best[0]
            return {"best": first, "worst": next(one for one in worst if one != first)}
        letters = dict(zip(cell.split(PAIR), "ABC", strict=True))
        best, worst = (ids[0], ids[2]) if rater % 4 else (ids[2], ids[0])
        return {"best": letters[best], "worst": letters[worst]}

    return rule


def test_from_the_design_to_the_paragraph(home: Home, tmp_path: Path) -> None:
    world = make_world(home, **EVERYTHING)
    design = world.locked.design
    assert design.heatmaps == 3 and len(design.cells) == 6
    assert [question.choices for question in design.questions] == [{"A": "A", "B": "B", "C": "C"}] * 2
    answer_all(home, world, 8, _rule(world))
    database = open_database(home)
    answered = read_answers_of(database, world.study.id, world.locked)
    analyses = analyse(answered, world.locked)
    (analysis,) = analyses
    titles = [condition.title for condition in design.conditions]
    # Of eight raters six put the first on top: (6 − 2) / 8 = 0.5; the middle one is never chosen.
    assert [analysis.results[0][title].value for title in titles] == pytest.approx([0.5, 0.0, -0.5])
    assert set(analysis.scale) == {-1.0, 0.0, 1.0}
    (sentence,) = findings(analyses, world.locked)
    assert "points of the best–worst score" in sentence and sentence.endswith("8 raters, 8 items.")
    paragraph = methods_paragraph(world.study, world.locked, answered)
    assert "In a best–worst scaling study, 8 raters chose the best and the worst of several explanations" in paragraph
    Studies(database).close(world.study.id)
    files = {file.name: file for file in export_study(database, world.study.id, tmp_path / "out")}
    report = files["report.html"].read_text(encoding="utf-8")
    assert "Best–worst logit (maxdiff)" in report and "All tests" in report
    answers = pd.read_csv(files["answers.csv"])
    assert set(answers["question"]) == {"best", "worst"} and set(answers["value"]) <= set("ABC")


def test_without_answers_everything_is_undefined(home: Home) -> None:
    world = make_world(home, **{**EVERYTHING, "practice": 0, "instructed": 0, "random": 0})
    answered = read_answers_of(open_database(home), world.study.id, world.locked)
    (analysis,) = analyse(answered, world.locked)
    assert all(result.undefined for result in analysis.results)
    assert findings([analysis], world.locked)[0].startswith("Nothing can be said: ")


def test_best_and_worst_cannot_be_the_same_whichever_comes_first(home: Home) -> None:
    world = make_world(home, **{**EVERYTHING, "practice": 0})
    database = open_database(home)
    plan = plan_of(world.study.id, world.locked)
    answers = Answers(database, plan, form_of(world.locked))
    rater = Raters(database).consent(Raters(database).join(world.token).rater.id)
    slot = Slots(database, plan).next(rater.id)
    assert slot is not None
    assert not answers.save(rater.id, slot.id, {"best": "A"}, key="1").complete
    with pytest.raises(AnswerError, match="cannot be chosen for two questions"):
        answers.save(rater.id, slot.id, {"worst": "A"}, key="2")
    with pytest.raises(AnswerError, match="cannot be chosen for two questions"):
        answers.save(rater.id, slot.id, {"best": "B", "worst": "B"}, key="3")
    assert answers.save(rater.id, slot.id, {"worst": "B"}, key="4").complete
    with pytest.raises(AnswerError, match="cannot be chosen for two questions"):
        answers.save(rater.id, slot.id, {"best": "B"}, key="5")
    assert answers.given(rater.id)[slot.id] == {"best": "A", "worst": "B"}
    with pytest.raises(AnswerError, match="takes one of A, B, C"):
        answers.save(rater.id, slot.id, {"best": "D"}, key="6")


def test_its_checks_can_be_passed_and_failed(home: Home) -> None:
    world = make_world(home, **EVERYTHING)
    (told,) = world.locked.of_kind("instructed")
    assert told.expected["best"] != told.expected["worst"]
    for name in ("best", "worst"):
        assert f"“{told.expected[name][0]}”" in told.text
    (planted,) = world.locked.of_kind("random")
    letter = "ABC"[planted.cell.split(PAIR).index("random")]
    assert letter not in planted.expected["best"] and letter in planted.expected["worst"]
    assert len(planted.shown(planted.cell)) == 3


def test_simulated_raters_have_the_taste_that_they_are_given() -> None:
    locked = made_up("best_worst", "random", "random", "random", raters_per_item=60, items_per_rater=24)
    (analysis,) = analyse(answers_of(locked, taste_for(locked, 1.5), 60), locked)
    logit = next(result for result in analysis.results if "logit" in result.test)
    first, *_, last = (condition.title for condition in locked.design.conditions)
    difference = logit[f"{first} − {last}"]
    assert difference.low is not None and difference.high is not None
    assert difference.low <= -1.5 <= difference.high < 0


def test_its_power_counts_every_heatmap_of_a_screen() -> None:
    design = made_up("best_worst", "random", "random", "random", raters_per_item=20).design
    (found,) = power_hint(design).quantities
    assert found.name == "detectable difference, best–worst score, −1 to 1"
    # 24 items, 20 raters who see all of them, three heatmaps on a screen of three conditions: 480 answers each.
    error = (2 * 0.8**2 / 480 + 2 * 0.15**2 / 20 + 2 * 0.15**2 / 24) ** 0.5
    assert found.value == pytest.approx(error * 2.95, rel=0.03)  # t with 19 degrees: 2.093 + 0.861


def test_it_needs_three_conditions_and_shows_four_at_most() -> None:
    with pytest.raises(InputError, match="at least 3"):
        made_up("best_worst", "random", "random")
    assert made_up("best_worst", *["random"] * 6).design.heatmaps == 4


def test_a_copy_with_another_number_of_conditions_keeps_its_wording() -> None:
    three = made_up("best_worst", "random", "random", "random").design
    four = made_up("best_worst", *["random"] * 4, questions=three.questions).design
    assert [list(question.choices or ()) for question in four.questions] == [list("ABCD")] * 2
    assert four.questions[0].prompt == PROTOCOLS["best_worst"].questions[0].prompt
