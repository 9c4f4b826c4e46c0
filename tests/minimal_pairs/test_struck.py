"""Strikes and curves of prompts, on a model whose every answer is known: a sum over the tokens that it is shown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import permutations

import pytest
import torch
from torch import Tensor

from bcos_core.errors import NotFiniteError
from bcos_core.evaluate import forward
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.home import Home
from bcos_core.minimal_pairs.answers import Answer
from bcos_core.minimal_pairs.case import Case, Course, Strikes, scores_of, units_of
from bcos_core.minimal_pairs.faithfulness import (
    deletion,
    deletion_curve,
    insertion,
    insertion_curve,
    insertion_minus_deletion,
    random_strike_correlation,
    strike_correlation,
)
from bcos_core.minimal_pairs.measures import MEASURES, measure, measure_chance
from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.minimal_pairs.questions import Question
from bcos_core.minimal_pairs.struck import Struck, in_steps, order_of
from bcos_core.model.identity import model_subject
from bcos_core.model.language_model import LanguageModel
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.text.prompt import encode_prompt
from tests.tiny_language_model import language_model, tokenizer

GOOD, BAD, PAD = 7, 9, 1
PROMPT = "The keys to the old cabinet"


class Sums:
    """A linear bag of words: after any prompt the logit of token t is Σ w(id) · (t + 1) over the shown ids that are not
    the padding token, so that the contrast of two tokens is that sum times their distance."""

    def __init__(self) -> None:
        self.rows, self.passes, self.widest = 0, 0, 0

    @staticmethod
    def weight(token_id: int) -> float:
        return 0.0 if token_id == PAD else math.sin(float(token_id)) + 0.1

    def predict(
        self,
        ids: Tensor,
        mask: Tensor,
        *,
        original: Tensor,
        visible: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> Tensor:
        self.rows, self.passes = self.rows + len(ids), self.passes + 1
        self.widest = max(self.widest, ids.numel())
        shown = mask if visible is None else visible * mask
        assert bool(shown.any(1).all()), "nothing is left to read"
        rows = [
            sum(self.weight(id) for id, seen in zip(row, seen_row, strict=True) if seen)
            for row, seen_row in zip(ids.tolist(), shown.tolist(), strict=True)
        ]
        vocabulary = torch.arange(1.0, len(tokenizer()) + 1, dtype=torch.float64)
        return torch.tensor(rows, dtype=torch.float64)[:, None] * vocabulary


@pytest.fixture
def sums(monkeypatch: pytest.MonkeyPatch) -> Sums:
    model = Sums()
    monkeypatch.setattr(forward, "ModelView", lambda _: model)
    return model


@pytest.fixture(scope="module")
def model() -> Iterator[LanguageModel]:
    yield language_model()


def question(prompt: str = PROMPT) -> Question:
    return Question(MinimalPair(prompt, " a", " b", None, "any"), prompt, BAD, GOOD)  # the contrast is 2 · the sum


def answer(model: LanguageModel, prompt: str, scores: Sequence[float] | None) -> Answer:
    text = encode_prompt(model.tokenizer, prompt, model.max_length)
    return Answer(0.0, text.tokens, None if scores is None else tuple(scores), 1.0, 1.0, 0.1)


def weights(model: LanguageModel, prompt: str) -> list[float]:
    """What each token adds to the contrast, the one that opens the text included."""
    return [2 * Sums.weight(id) for id in encode_prompt(model.tokenizer, prompt, model.max_length).ids]


def filled(
    home: Home, model: LanguageModel, removal: str, rows: dict[str, list[Answer]], unit: str = "token"
) -> Struck:
    struck = Struck(EvidenceStore(open_database(home)), REMOVALS[removal], unit)
    told: list[int] = []
    struck.fill(model, [question()], rows, strikes=True, struck=told.append, followed=told.append)
    assert sum(told) == 1 + len(rows)
    return struck


@pytest.mark.parametrize("removal", ["pad", "delete", "hide"])
@pytest.mark.parametrize("unit", ["token", "word"])
def test_the_sum_itself_foresees_every_strike(
    sums: Sums, model: LanguageModel, home: Home, removal: str, unit: str
) -> None:
    given = weights(model, PROMPT)
    right, wrong = answer(model, PROMPT, given), answer(model, PROMPT, [-one for one in given])
    struck = filled(home, model, removal, {"right": [right], "wrong": [wrong]}, unit)
    units = units_of(PROMPT, right.tokens, unit)
    own = scores_of(units, given)
    assert len(units) >= 6 and len(set(own)) == len(own)
    strikes = struck.strikes(model_subject(model.identity, model.max_length), [question()])[question().item]
    assert strikes.whole == pytest.approx(sum(given))
    assert strikes.changes == pytest.approx([-one for one in own])
    cases = {}
    for name, sign in (("right", 1.0), ("wrong", -1.0)):
        course = struck.courses(name, [question()])[question().item]
        cases[name] = Case(tuple(sign * one for one in own), None, strikes, course)
    found = {name: measure(case, MEASURES, method="pullback") for name, case in cases.items()}
    assert found["right"]["strike"] == pytest.approx(1.0) and found["wrong"]["strike"] == pytest.approx(-1.0)
    assert set(found["right"]) == {"strike", "deletion", "insertion", "insertion_minus_deletion"}  # nothing is marked
    # By hand: sorted, the heights after each removal, then the trapezoid rule over as wide a share.
    opening, ordered = sum(given) - sum(own), sorted(own, reverse=True)
    for name, order in (("right", ordered), ("wrong", ordered[::-1])):
        falls = [opening + sum(order[count:]) for count in range(len(order))]
        rises = [opening + sum(order[:count]) for count in range(1, len(order) + 1)]
        for key, heights in (("deletion", falls), ("insertion", rises)):
            expected = (sum(heights) - heights[0] / 2 - heights[-1] / 2) / (len(heights) - 1)
            assert found[name][key] == pytest.approx(expected)
    # Of an additive model no order has a lower deletion curve, or a higher insertion curve.
    assert found["right"]["deletion"] < found["wrong"]["deletion"]
    assert found["right"]["insertion"] > found["wrong"]["insertion"]
    assert found["right"]["insertion_minus_deletion"] == pytest.approx(
        found["right"]["insertion"] - found["right"]["deletion"]
    )


def test_no_order_is_better_than_the_sum_itself_and_the_mean_of_all_is_a_random_one(
    sums: Sums, model: LanguageModel, home: Home
) -> None:
    prompt = "Mary gave it"
    given = weights(model, prompt)
    units = units_of(prompt, encode_prompt(model.tokenizer, prompt, model.max_length).tokens, "word")
    places = range(len(units))
    rows: dict[str, list[Answer]] = {}
    for order in permutations(places):
        scores = [0.0] * len(given)
        for score, place in enumerate(order):
            scores[units[place].positions[0]] = float(score)
        rows[str(order)] = [answer(model, prompt, scores)]
    struck = Struck(EvidenceStore(open_database(home)), REMOVALS["pad"], "word")
    asked = [question(prompt)]
    struck.fill(model, asked, rows, strikes=False, struck=lambda done: None, followed=lambda done: None)
    heights = {
        name: insertion_minus_deletion(Case((0.0,), course=struck.courses(name, asked)[asked[0].item])) for name in rows
    }
    own = scores_of(units, given)
    best = str(tuple(sorted(places, key=lambda place: own[place])))
    assert heights[best] == max(heights.values(), key=lambda value: value or 0.0)  # type: ignore[type-var]
    assert sum(value or 0.0 for value in heights.values()) == pytest.approx(0.0)  # an order and its reverse
    courses = {name: struck.courses(name, asked)[asked[0].item] for name in rows}
    for order in permutations(places):
        falls = deletion(Case((0.0,), course=courses[str(order[::-1])]))
        assert insertion(Case((0.0,), course=courses[str(order)])) == pytest.approx(falls)
    drawn = Case((0.0,), course=courses[best])
    assert measure_chance(drawn, MEASURES)["insertion_minus_deletion"] == 0.0
    # 3 units: whole, 3 without one, 3 without two; all orders together ask no more.
    assert sums.rows == 7 and sums.passes == 1
    # Without the strikes, there are none.
    assert not struck.strikes(model_subject(model.identity, model.max_length), asked)


def test_what_methods_take_away_alike_is_asked_once_and_never_again(
    sums: Sums, model: LanguageModel, home: Home
) -> None:
    given = weights(model, PROMPT)
    units = len(units_of(PROMPT, answer(model, PROMPT, given).tokens, "token"))
    rows = {"one": [answer(model, PROMPT, given)], "other": [answer(model, PROMPT, [2 * one for one in given])]}
    struck = filled(home, model, "pad", rows)
    # Whole, each alone, then from two to all but one gone, and from two to all but one of the last gone.
    assert sums.rows == 1 + units + 2 * (units - 2)
    asked = sums.rows
    struck.fill(model, [question()], rows, strikes=True, struck=lambda done: None, followed=lambda done: None)
    assert sums.rows == asked
    more = rows | {"third": [answer(model, PROMPT, [-one for one in given])]}
    struck.fill(model, [question()], more, strikes=True, struck=lambda done: None, followed=lambda done: None)
    assert sums.rows > asked
    words = Struck(struck.store, struck.removal, "word")  # another unit, another removal: other work
    assert words.missing_courses("one", [question()]) and not struck.missing_courses("one", [question()])
    assert Struck(struck.store, REMOVALS["hide"], "token").missing_courses("one", [question()])


def test_a_method_that_failed_has_no_curve(sums: Sums, model: LanguageModel, home: Home) -> None:
    struck = filled(home, model, "pad", {"failed": [answer(model, PROMPT, None)]})
    assert struck.courses("failed", [question()]) == {}
    assert sums.rows == 1 + len(units_of(PROMPT, answer(model, PROMPT, None).tokens, "token"))


def test_many_prompts_of_any_length_go_through_together(sums: Sums, model: LanguageModel, home: Home) -> None:
    prompts = [" ".join(["The keys to the old cabinet"] * times) for times in (1, 2, 3)] + ["He"]
    asked = [question(prompt) for prompt in prompts]
    rows = {"own": [answer(model, prompt, weights(model, prompt)) for prompt in prompts]}
    struck = Struck(EvidenceStore(open_database(home)), REMOVALS["delete"], "token")
    struck.fill(model, asked, rows, strikes=True, struck=lambda done: None, followed=lambda done: None)
    found = struck.strikes(model_subject(model.identity, model.max_length), asked)
    for prompt, one in zip(prompts, asked, strict=True):
        assert found[one.item].whole == pytest.approx(sum(weights(model, prompt)))
    single = struck.courses("own", asked)[asked[-1].item]
    if len(found[asked[-1].item].without) == 1:  # one token alone: nothing can be removed
        assert insertion(Case((1.0,), course=single)) is None
    assert sums.passes < 10 and sums.widest <= 1_024


def test_what_is_no_number_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, sums: Sums, model: LanguageModel, home: Home
) -> None:
    monkeypatch.setattr(Sums, "weight", staticmethod(lambda token_id: math.nan))
    with pytest.raises(NotFiniteError):
        filled(home, model, "pad", {})


def strikes(*changes: float) -> Strikes:
    return Strikes(0.0, changes)


def test_rank_correlation_by_hand() -> None:
    # Foreseen −3, −1, −2; real −5, −1, −4: the same order. Then one pair of neighbours exchanged: 1 − 6 · 2 / (3 · 8).
    assert strike_correlation(Case((3.0, 1.0, 2.0), None, strikes(-5.0, -1.0, -4.0))) == pytest.approx(1.0)
    assert strike_correlation(Case((3.0, 2.0, 1.0), None, strikes(-5.0, -1.0, -4.0))) == pytest.approx(0.5)
    # Ties share a rank: foreseen −2, −2, −1 (1.5, 1.5, 3), real −3, −2, −1 (1, 2, 3): 1.5 / √(1.5 · 2).
    assert strike_correlation(Case((2.0, 2.0, 1.0), None, strikes(-3.0, -2.0, -1.0))) == pytest.approx(
        1.5 / math.sqrt(3.0)
    )


def test_what_has_no_order_has_no_rank_correlation() -> None:
    assert strike_correlation(Case((1.0, 1.0), None, strikes(-1.0, -2.0))) is None
    assert strike_correlation(Case((1.0, 2.0), None, strikes(-1.0, -1.0))) is None
    assert strike_correlation(Case((1.0,), None, strikes(-1.0))) is None
    assert strike_correlation(Case((1.0, 2.0))) is None
    with pytest.raises(NotFiniteError):
        strike_correlation(Case((math.nan, 1.0), None, strikes(-1.0, -2.0)))
    # A random ranking foresees nothing, where there is something to foresee.
    assert random_strike_correlation(Case((1.0, 1.0), None, strikes(-1.0, -2.0))) == 0.0
    assert random_strike_correlation(Case((1.0, 2.0), None, strikes(-1.0, -1.0))) is None
    changes = (-3.0, 1.0, -3.0, 2.0)
    every = [strike_correlation(Case(order, None, strikes(*changes))) for order in permutations((1.0, 2.0, 3.0, 4.0))]
    assert sum(one or 0.0 for one in every) == pytest.approx(0.0)


def test_a_method_without_a_direction_foresees_nothing() -> None:
    case = Case((3.0, 1.0), None, strikes(-5.0, -1.0), Course((1.0, 0.0), (0.5, 1.0)))
    assert measure(case, ["strike", "deletion"], method="saliency") == {"deletion": 0.5}
    assert measure(case, ["strike", "deletion"], method="input_x_gradient")["strike"] == pytest.approx(1.0)
    # Chance: the expectation of a rank correlation, and the curve of the order that was drawn.
    assert measure_chance(case, ["strike", "deletion"]) == {"strike": 0.0, "deletion": 0.5}


def test_heights_of_curves_by_hand() -> None:
    course = Course((4.0, 2.0, 1.0), (3.0, 3.5, 4.0))
    assert deletion(Case((), course=course)) == pytest.approx((3.0 + 1.5) / 2)
    assert insertion(Case((), course=course)) == pytest.approx((3.25 + 3.75) / 2)
    assert insertion_minus_deletion(Case((), course=course)) == pytest.approx(3.5 - 2.25)
    assert deletion(Case((), course=Course((4.0,), (4.0,)))) is None and deletion(Case(())) is None


def test_curves_have_as_many_points_whatever_the_length() -> None:
    course = Course((4.0, 2.0, 1.0), (3.0, 4.0))
    # At every tenth of the way; the second of three heights lies half way.
    assert deletion_curve(Case((), course=course)) == pytest.approx(
        (4.0, 3.6, 3.2, 2.8, 2.4, 2.0, 1.8, 1.6, 1.4, 1.2, 1.0)
    )
    assert insertion_curve(Case((), course=course)) == pytest.approx([3.0 + tenth / 10 for tenth in range(11)])
    assert insertion_curve(Case((), course=Course((4.0,), (4.0,)))) is None and deletion_curve(Case(())) is None


def test_equal_scores_have_an_order_that_no_method_chooses() -> None:
    scores = [0.0, 5.0, 0.0, 0.0, -1.0, 0.0]
    order = order_of(scores, PROMPT)
    assert order[0] == 1 and order[-1] == 4 and order == order_of(scores, PROMPT)
    firsts = {order_of([0.0] * 4, f"{PROMPT} {number}")[0] for number in range(60)}
    assert firsts == {0, 1, 2, 3}


def test_a_long_prompt_loses_several_units_at_a_step() -> None:
    order = [(place,) for place in range(70)]
    for count in (32, 47, 62, 69, 70):
        steps, reverse = in_steps(order[:count], 31), in_steps(order[:count][::-1], 31)
        assert len(steps) == 31 and max(map(len, steps)) - min(map(len, steps)) <= 2
        assert [position for step in steps for position in step] == list(range(count))
        assert [sorted(step) for step in reverse[::-1]] == steps
    for count in range(1, 32):
        assert in_steps(order[:count]) == [[place] for place in range(count)]
