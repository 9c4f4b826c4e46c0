"""A record's table adds up to the logit, under every method that promises a sum, on a B-cos model and on its twin."""

from __future__ import annotations

from typing import Any

import pytest

from bcos_core import explain
from bcos_core.attribution.registry import METHODS
from bcos_core.model.classifier import Classifier, predict

# Sums of steps and of random draws come near to the logit, the nearer the more there are: options and distance.
FINE: dict[str, tuple[dict[str, Any], float]] = {
    "integrated_gradients": ({"steps": 400}, 5e-3),
    "gradient_shap": ({"samples": 4000}, 5e-2),
}
EXACT = 1e-4


@pytest.mark.parametrize("kind", ["bcos", "conventional"])
@pytest.mark.parametrize("name", [method.name for method in METHODS.values() if method.additive])
def test_the_scores_of_all_rows_add_up_to_the_logit(pair: dict[str, Classifier], name: str, kind: str) -> None:
    classifier = pair[kind]
    if METHODS[name].unsupported(
        is_bcos=classifier.is_bcos, family=classifier.family, answers=classifier.task_type.name
    ):
        pytest.skip("the method is not for such a model")
    options, distance = FINE.get(name, ({}, EXACT))
    text = "Not a dull film, but long."
    frame = explain(classifier, text, method=name, target=2, **options).to_frame()
    assert set(frame["kind"]) == {"token", "added"} | ({"reference"} if METHODS[name].references else set())
    assert frame["score"].sum() == pytest.approx(predict(classifier, [text])[0].logits[2], abs=distance)
