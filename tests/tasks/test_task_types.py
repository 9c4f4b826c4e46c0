"""Each type of task against hand calculations and scikit-learn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score

from bcos_core.errors import DataError
from bcos_core.tasks.multi_label import MultiLabel
from bcos_core.tasks.prediction import Statement
from bcos_core.tasks.registry import TASK_TYPES, task_type_of
from bcos_core.tasks.regression import Regression, quadratic_kappa
from bcos_core.tasks.single_label import SingleLabel, macro_f1
from bcos_core.tasks.task_type import Gold, Scale, TaskType
from bcos_core.text.split import split_by_hash

ONE, SEVERAL, SCORE = SingleLabel(), MultiLabel(), Regression()


def test_transformers_names() -> None:
    assert task_type_of(None) is TASK_TYPES["single-label"]
    assert task_type_of("multi_label_classification") is TASK_TYPES["multi-label"]
    assert task_type_of("regression") is TASK_TYPES["regression"]
    assert task_type_of("poetry") is None


# One label


def test_classification_losses_by_hand() -> None:
    logits, labels = torch.tensor([[0.0, math.log(3.0)]]), torch.tensor([1])
    # softmax gives class 1 probability 3/4; the sigmoids are 1/2 and 3/4, their cross-entropies averaged.
    assert ONE.loss(logits, labels, name="cross-entropy").item() == pytest.approx(math.log(4 / 3))
    binary = ONE.loss(logits, labels, name="binary cross-entropy").item()
    assert binary == pytest.approx((math.log(2) + math.log(4 / 3)) / 2)
    assert ONE.usual_loss(bcos=True) == "binary cross-entropy"  # arXiv 2502.12992 §3.3
    assert ONE.usual_loss(bcos=False) == "cross-entropy"


@pytest.mark.parametrize(
    ("kind", "golds"), [(ONE, [1, 0]), (SEVERAL, [(0,), (0, 1)]), (SCORE, [0.4, 2.0])], ids=["one", "several", "score"]
)
def test_losses_of_different_names_are_different_losses(kind: TaskType, golds: list[Gold]) -> None:
    outputs = 1 if kind is SCORE else 2
    logits = torch.tensor([[0.3, -1.2], [0.5, 0.1]])[:, :outputs]
    targets = kind.tensor(golds, outputs, Scale())
    values = {kind.loss(logits, targets, name=name).item() for name in kind.losses}
    assert len(values) == len(kind.losses)
    assert {kind.usual_loss(bcos=bcos) for bcos in (True, False)} <= set(kind.losses)


def test_an_answer_of_one_label() -> None:
    found = ONE.prediction([0.0, math.log(3.0)], ("bad", "good"))
    assert (found.index, found.label, found.probabilities) == (1, "good", pytest.approx((0.25, 0.75)))
    assert ONE.answer(found) == "good (0.75)"
    assert ONE.prediction([1e4, -1e4], ("a", "b")).probabilities == (1.0, 0.0)


def test_metrics_of_one_label() -> None:
    generator = np.random.default_rng(0)
    logits, golds = generator.normal(size=(60, 4)), generator.integers(0, 4, 60)
    found = ONE.measure(logits.tolist(), golds.tolist())
    assert found["accuracy"] == pytest.approx(accuracy_score(golds, logits.argmax(1)))
    assert found["macro_f1"] == pytest.approx(f1_score(golds, logits.argmax(1), average="macro"))
    # Class 0: TP 1, predicted 2, actual 1 → 2/3; class 1: TP 1, predicted 1, actual 2 → 2/3; class 2: TP 1 → 1.
    assert macro_f1(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2]), 3) == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)


# Several labels


@pytest.mark.parametrize(
    ("cell", "separator", "mark"),
    [
        (["toxic", "rude"], None, ("toxic", "rude")),
        ("toxic; rude ;toxic", ";", ("toxic", "rude")),
        ("toxic", ";", ("toxic",)),
        ("toxic", None, ("toxic",)),
        ([], None, ()),
        ("", ";", ()),
        (None, None, None),
        (float("nan"), None, None),
        ([2, 1.0], None, ("2", "1")),
    ],
)
def test_cells_of_several_labels(cell: object, separator: str | None, mark: tuple[str, ...] | None) -> None:
    assert SEVERAL.marks([cell], "labels", separator=separator) == [mark]


def test_an_object_is_no_label() -> None:
    with pytest.raises(DataError, match="holds objects"):
        SEVERAL.marks([{"toxic": 1}], "labels")


def test_several_labels_as_numbers() -> None:
    labels = SEVERAL.labels([("b", "a"), (), ("c",)], "labels")
    assert labels == ("a", "b", "c")
    assert SEVERAL.labels([("b", "a"), ("c",)], "labels", declared=("c", "b", "a")) == ("c", "b", "a")
    assert SEVERAL.gold(("c", "a"), labels) == (0, 2) and SEVERAL.gold((), labels) == ()
    assert SEVERAL.gold(("d",), labels) is None
    assert SEVERAL.word((0, 2), labels) == "a, c" and SEVERAL.word((), labels) == "no label"
    assert SEVERAL.tensor([(0, 2), ()], 3, Scale()).tolist() == [[1, 0, 1], [0, 0, 0]]
    # Label 2 is the rarest of the texts that have it, label 0 of the one that has it alone.
    assert SEVERAL.strata([(0, 1), (0, 1), (0,), (1, 2), ()], ("a", "b", "c")) == [0, 0, 0, 2, 3]


def test_a_score_is_written_as_every_number_is() -> None:
    assert SCORE.answer(SCORE.prediction([50.224], ("valence",))) == "50.2"
    assert SCORE.answer(SCORE.prediction([-0.5], ("valence",))) == "−0.500"


def test_an_answer_of_several_labels() -> None:
    found = SEVERAL.prediction([math.log(3.0), 0.0, -math.log(3.0)], ("a", "b", "c"))
    assert found.probabilities == pytest.approx((0.75, 0.5, 0.25))
    assert (found.index, found.label) == (0, "a, b")  # from a probability of a half on
    assert SEVERAL.prediction([-1.0, -2.0], ("a", "b")).label == "no label"
    loss = SEVERAL.loss(torch.tensor([[math.log(3.0), 0.0]]), torch.tensor([[1.0, 0.0]]), name="binary cross-entropy")
    assert loss.item() == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)


def test_metrics_of_several_labels() -> None:
    generator = np.random.default_rng(1)
    logits, has = generator.normal(size=(80, 5)), generator.integers(0, 2, (80, 5))
    found = SEVERAL.measure(logits.tolist(), [tuple(np.flatnonzero(row).tolist()) for row in has])
    given = (logits >= 0).astype(int)
    assert found == {
        "micro_f1": pytest.approx(f1_score(has, given, average="micro")),
        "macro_f1": pytest.approx(f1_score(has, given, average="macro")),
        "exact": pytest.approx(accuracy_score(has, given)),
    }


def test_a_label_that_is_missing_on_a_side() -> None:
    whole: list[Any] = [(0, 1), (0, 1), ()]
    SEVERAL.require_sides({"train": whole, "test": whole}, ("a", "b"))
    with pytest.raises(DataError, match="'b' .test."):
        SEVERAL.require_sides({"train": whole, "test": [(0,), (0, 1)]}, ("a", "b"))


def test_what_answers_say_about_one_output() -> None:
    found = SEVERAL.prediction([math.log(3.0), -math.log(4.0)], ("a", "b"))
    assert SEVERAL.statement(found, ("a", "b"), 0) == Statement("a", "yes", pytest.approx(0.75))
    assert SEVERAL.statement(found, ("a", "b"), 1) == Statement("not b", "no", pytest.approx(0.8))
    assert SEVERAL.probability_of("yes", found, ("a", "b"), 1) == pytest.approx(0.2)
    assert [SEVERAL.is_right(found, index, (0, 1)) for index in (0, 1)] == [True, False]
    one = ONE.prediction([0.0, math.log(3.0)], ("bad", "good"))
    assert ONE.statement(one, ("bad", "good"), 0) == Statement("good", "good", pytest.approx(0.75))
    assert ONE.probability_of("bad", one, ("bad", "good"), 1) == pytest.approx(0.25)
    assert ONE.is_right(one, 1, 1) and not ONE.is_right(one, 1, 0)
    score = SCORE.prediction([2.5], ("stars",))
    assert SCORE.statement(score, ("stars",), 0) == Statement("2.5") and SCORE.is_right(score, 0, 2.5) is None
    with pytest.raises(ValueError, match="not one of a few"):
        SCORE.probability_of("2.5", score, ("stars",), 0)


def test_what_a_text_has_for_certain() -> None:
    found = SEVERAL.prediction([3.0, 0.5, -3.0, -0.5], tuple("abcd"))  # 0.95, 0.62, 0.05, 0.38
    assert SEVERAL.certain(found, (0, 1, 2), 0.75) == ({0}, frozenset())
    assert SEVERAL.certain(found, (0, 1), 0.75) == ({0}, {2})
    one = ONE.prediction([0.0, 3.0], ("a", "b"))
    assert ONE.certain(one, 1, 0.75) == ({1}, {0})
    assert ONE.certain(one, 0, 0.75) == ONE.certain(one, 1, 0.99) == (frozenset(), frozenset())
    assert SCORE.certain(SCORE.prediction([1.0], ("s",)), 1.0, 0.75) == (frozenset(), frozenset())


def test_how_far_answers_are_apart() -> None:
    two = np.array([[0.0, math.log(3.0)], [0.0, math.log(9.0)]])  # 0.75 and 0.9 for the second class
    assert ONE.distances(two, -two).tolist() == pytest.approx([0.75, 0.9])
    assert ONE.distances(two, 2 * two).tolist() == [0.0, 0.0]
    assert SCORE.distances(np.array([[1.0], [2.0]]), np.array([[3.0], [2.0]])).tolist() == [2.0, 0.0]


# A score


def test_cells_of_a_score() -> None:
    assert SCORE.marks([1, 2.5, " 3e-1 ", None, "", float("nan")], "stars") == [1.0, 2.5, 0.3, None, None, None]
    for cell in ("many", "nan", "inf", [1], True, math.inf, {"a": 1}):
        with pytest.raises(DataError, match=r"'stars' holds .* no number"):
            SCORE.marks([cell], "stars")


def test_a_score_as_a_number() -> None:
    assert SCORE.labels([1.0, 2.0], "stars") == ("stars",)
    with pytest.raises(DataError, match="Every row has the score 1.0"):
        SCORE.labels([1.0, 1.0], "stars")
    scale = SCORE.scale([1.0, 3.0])
    assert scale == Scale(2.0, 1.0)
    assert SCORE.tensor([1.0, 3.0, 4.0], 1, Scale(2.0, 0.5)).tolist() == [-2.0, 2.0, 4.0]
    (name,) = SCORE.losses
    assert SCORE.loss(torch.tensor([[1.0], [2.0]]), torch.tensor([0.0, 4.0]), name=name).item() == 2.5
    found = SCORE.prediction([7.25], ("stars",))
    assert (found.index, found.label, found.probabilities) == (0, "7.25", ())


def test_metrics_of_a_score() -> None:
    generator = np.random.default_rng(2)
    actual = generator.integers(1, 11, 70)
    answers = actual + generator.normal(scale=2.0, size=70)
    found = SCORE.measure([[answer] for answer in answers.tolist()], actual.astype(float).tolist())
    rounded = np.clip(np.round(answers), 1, 10)
    assert found == {
        "mae": pytest.approx(np.abs(answers - actual).mean()),
        "rmse": pytest.approx(math.sqrt(((answers - actual) ** 2).mean())),
        "pearson": pytest.approx(stats.pearsonr(answers, actual).statistic),
        "spearman": pytest.approx(stats.spearmanr(answers, actual).statistic),
        "kappa": pytest.approx(cohen_kappa_score(rounded, actual, weights="quadratic")),
    }
    assert quadratic_kappa(np.array([1, 2, 3]), np.array([1, 2, 3])) == 1.0


def test_what_is_not_defined_is_left_out() -> None:
    assert set(SCORE.measure([[1.0], [1.0]], [0.5, 0.7])) == {"mae", "rmse"}  # equal answers; no grades


def test_bad_sides_of_a_score() -> None:
    good = [1.0, 2.0] * 5
    with pytest.raises(DataError, match="test side have one score"):
        SCORE.require_sides({"train": good, "test": [1.0] * 10}, ("stars",))
    with pytest.raises(DataError, match="test side has 9 different texts; a score needs at least 10"):
        SCORE.require_sides({"train": good, "test": good[:9]}, ("stars",))


def test_every_side_of_a_score_has_enough_to_be_measured_on() -> None:
    texts = [f"text no. {number}" for number in range(40)]
    found = split_by_hash(texts, [float(number) for number in range(40)], ("stars",), SCORE)
    assert min(len(found.train), len(found.validation), len(found.test)) >= 10
    with pytest.raises(DataError, match="a score needs at least 10"):
        split_by_hash(texts[:29], [float(number) for number in range(29)], ("stars",), SCORE)
