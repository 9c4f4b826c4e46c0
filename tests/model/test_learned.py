"""A model that has learned nothing is said to be one: by the intervals of its figures, worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bcos_core.model.info import CheckpointInfo
from bcos_core.model.learned import unlearned
from bcos_core.tasks.registry import TASK_TYPES


def _info(**given: Any) -> CheckpointInfo:
    return CheckpointInfo(Path("m"), "m", "bcos", "BERT", ("no", "yes"), 64, **given)


def test_an_accuracy_whose_interval_holds_the_share_of_the_usual_class_is_no_better() -> None:
    given: dict[str, Any] = {"metrics": {"accuracy": 0.6}, "test_size": 100}
    # Wilson's interval of 60 of 100: 50.2 % to 69.1 %.
    assert "same of every text" in unlearned(_info(**given, constant={"accuracy": 0.51}))
    assert unlearned(_info(**given, constant={"accuracy": 0.50})) == ""
    assert "accuracy 60.0 % (95 % interval 50.2 % to 69.1 %)" in unlearned(_info(**given, constant={"accuracy": 0.7}))


def test_an_error_is_better_low() -> None:
    given: dict[str, Any] = {"task_type": "regression", "metrics": {"mae": 0.8}, "intervals": {"mae": (0.7, 0.9)}}
    assert unlearned(_info(**given, constant={"mae": 1.0}, test_size=50)) == ""
    assert "0.700 to 0.900" in unlearned(_info(**given, constant={"mae": 0.85}, test_size=50))


def test_nothing_is_said_of_a_model_that_was_not_measured_here() -> None:
    assert unlearned(_info()) == ""
    assert unlearned(_info(metrics={"accuracy": 0.5}, test_size=100)) == ""


@pytest.mark.parametrize(
    ("name", "golds", "outputs", "expected", "figure"),
    [
        ("single-label", [0, 1, 1, 2], 3, [0.0, 1.0, 0.0], ("accuracy", 0.5)),
        ("single-label", [1, 0], 2, [1.0, 0.0], ("accuracy", 0.5)),
        ("multi-label", [(0, 2), (), (2, 0), (1,)], 3, [1.0, -1.0, 1.0], ("exact", 0.5)),
        ("regression", [1.0, 2.0, 9.0, 2.0], 1, [2.0], ("mae", 2.0)),
    ],
)
def test_the_best_answer_that_is_the_same_for_every_text(
    name: str, golds: list[Any], outputs: int, expected: list[float], figure: tuple[str, float]
) -> None:
    kind = TASK_TYPES[name]
    assert kind.constant(golds, outputs) == expected
    metric, value = figure
    assert kind.measure([expected] * len(golds), golds)[metric] == value
