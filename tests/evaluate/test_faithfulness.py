"""Faithfulness scores on a bag-of-words model, where every figure can be worked out by hand."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any

import pytest

from bcos_core.errors import InputError
from bcos_core.evaluate.answers import Answers
from bcos_core.evaluate.case import TENTHS, Case
from bcos_core.evaluate.curves import leave_one_out, removal_curves, top_counts
from bcos_core.evaluate.probability import sigmoid, softmax
from bcos_core.evaluate.removal import REMOVALS, require_tokens
from bcos_core.evaluate.scores import SCORES
from bcos_core.model.classifier import Classifier
from bcos_core.text.encoding import encode
from tests.evaluate.conftest import WEIGHTS, BagOfWords

WORDS = ["great", "dull", "film", "good", "awful"]
TEXT = " ".join(WORDS)
TRUE = tuple(WEIGHTS[word] for word in WORDS)
# The same numbers, the most important token last.
REVERSED = tuple(sorted(TRUE)[sorted(TRUE, reverse=True).index(score)] for score in TRUE)


def logistic(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def case(classifier: Classifier, scores: tuple[float, ...], *, removal: str = "mask", text: str = TEXT) -> Case:
    encoded = encode(classifier.tokenizer, [text], 64)
    padded = (0.0, *scores, 0.0)
    answers = Answers(classifier, REMOVALS[removal])
    curves = removal_curves(answers, encoded, [padded])[0]
    singles = leave_one_out(answers, encoded)[0]
    return Case(encoded[0], padded, 1, softmax, curves=curves, leave_one_out=singles)


def test_how_many_tokens_are_the_top() -> None:
    assert top_counts(5) == [1, 1, 1, 2, 2, 3, 3, 4, 4]
    assert top_counts(10) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert top_counts(1) == [1] * 9


@pytest.mark.parametrize("removal", list(REMOVALS))
def test_scores_are_what_is_worked_out_by_hand(removal: str, bag: BagOfWords, classifier: Classifier) -> None:
    # Two classes, logits 0 and the sum of the words: p is the logistic function of that sum.
    found = case(classifier, TRUE, removal=removal)
    order = sorted(TRUE, reverse=True)
    whole = logistic(sum(TRUE))
    without = [logistic(sum(order[count:])) for count in top_counts(5)]
    only = [logistic(sum(order[:count])) for count in top_counts(5)]
    comprehensiveness = sum(whole - p for p in without) / 9
    sufficiency = sum(whole - p for p in only) / 9

    def area(points: list[float]) -> float:
        return sum((a + b) / 2 * 0.1 for a, b in itertools.pairwise(points))

    expected = {
        "comprehensiveness": comprehensiveness,
        "sufficiency": sufficiency,
        "comp_minus_suff": comprehensiveness - sufficiency,
        "comprehensiveness_trapezoid": area([whole - p for p in without]),
        "sufficiency_trapezoid": area([whole - p for p in only]),
        "deletion": area([whole, *without, 0.5]),
        "insertion": area([0.5, *only, whole]),
        "taucorr_loo": 1.0,
    }
    for name, value in expected.items():
        assert SCORES[name].compute(found) == pytest.approx(value, abs=1e-6), name


def test_the_true_and_the_reversed_explanation_bound_every_other(bag: BagOfWords, classifier: Classifier) -> None:
    names = [name for name in SCORES if SCORES[name].evidence == "curves"]
    found = {
        order: {name: SCORES[name].compute(case(classifier, order)) for name in names}
        for order in itertools.permutations(TRUE)
    }
    for name in names:
        values = {order: scores[name] for order, scores in found.items()}
        best, worst = values[TRUE], values[REVERSED]
        assert worst is not None and best is not None
        if not SCORES[name].higher_is_better:
            best, worst = -best, -worst
            values = {order: -value for order, value in values.items() if value is not None}
        assert all(worst - 1e-9 <= value <= best + 1e-9 for value in values.values() if value is not None), name
        assert best > worst


def test_agreement_with_leave_one_out(bag: BagOfWords, classifier: Classifier) -> None:
    assert SCORES["taucorr_loo"].compute(case(classifier, tuple(-s for s in TRUE))) == pytest.approx(-1.0)
    # One exchange of neighbours among five makes 1 − 2 · 1 / 10.
    order = sorted(TRUE)
    exchanged = {order[0]: order[1], order[1]: order[0]}
    assert SCORES["taucorr_loo"].compute(case(classifier, tuple(exchanged.get(s, s) for s in TRUE))) == pytest.approx(
        0.8
    )


def test_nothing_to_rank(bag: BagOfWords, classifier: Classifier) -> None:
    one = case(classifier, (3.0,), text="great")
    assert SCORES["taucorr_loo"].compute(one) is None
    assert SCORES["comprehensiveness"].compute(one) == pytest.approx(logistic(2.0) - 0.5, abs=1e-6)
    assert SCORES["sufficiency"].compute(one) == pytest.approx(0.0, abs=1e-9)
    equal = case(classifier, (0.0,) * 5)  # ties: the order of the text
    assert SCORES["taucorr_loo"].compute(equal) is None
    assert equal.curves is not None
    assert softmax(equal.curves.without[-1], 1) == pytest.approx(logistic(WEIGHTS["awful"]))


def test_what_is_removed(classifier: Classifier) -> None:
    (text,) = encode(classifier.tokenizer, ["a dull film"], 64)
    cls, a, dull, film, sep = text.ids
    mask, pad = classifier.tokenizer.mask_token_id, classifier.tokenizer.pad_token_id
    expected = {
        "mask": ((cls, a, mask, film, sep), (True,) * 5),
        "pad": ((cls, a, pad, film, sep), (True,) * 5),
        "delete": ((cls, a, film, sep), (True,) * 4),
        "hide": ((cls, a, dull, film, sep), (True, True, False, True, True)),
    }
    for name, (ids, visible) in expected.items():
        found = REMOVALS[name].apply(text, [2], classifier.tokenizer)
        assert (found.ids, found.visible) == (ids, visible), name


def test_what_is_asked_twice_is_computed_once(bag: BagOfWords, classifier: Classifier) -> None:
    encoded = encode(classifier.tokenizer, [TEXT, TEXT], 64)
    rows = [(0.0, *TRUE, 0.0)] * 2
    first, second = removal_curves(Answers(classifier, REMOVALS["mask"]), encoded, rows)
    assert first == second and len(first.without) == len(TENTHS)
    assert bag.rows == 2 + 2 * 4  # whole, empty, and one to four tokens gone or kept


def test_the_two_probabilities() -> None:
    assert softmax([1.0, 3.0, 2.0], 1) == pytest.approx(math.e**3 / (math.e + math.e**3 + math.e**2))
    assert sigmoid([9.0, -0.5], 1) == pytest.approx(1 / (1 + math.exp(0.5)))
    assert sigmoid([-800.0], 0) == 0.0 and sigmoid([800.0], 0) == 1.0 and softmax([900.0, 0.0], 0) == 1.0


def test_without_a_mask_token_another_removal_is_named() -> None:
    def tokenizer(**ids: int | None) -> Any:
        return SimpleNamespace(**{"mask_token_id": None, "pad_token_id": None, **ids})

    with pytest.raises(InputError, match="no mask token.*--removal pad"):
        require_tokens(REMOVALS["mask"], tokenizer(pad_token_id=0))
    with pytest.raises(InputError, match="no pad token.*--removal mask"):
        require_tokens(REMOVALS["pad"], tokenizer(mask_token_id=0))
    with pytest.raises(InputError, match="no mask token.*--removal delete"):
        require_tokens(REMOVALS["mask"], tokenizer())
    for name in ("delete", "hide"):  # put no token anywhere; what is removed is then compared with nothing
        require_tokens(REMOVALS[name], tokenizer())
        assert REMOVALS[name].reference_with(()) == "none" and REMOVALS[name].reference_with(("mask",)) == "mask"
    require_tokens(REMOVALS["pad"], tokenizer(pad_token_id=0))
