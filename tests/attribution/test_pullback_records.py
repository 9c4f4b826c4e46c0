"""The pullback as a record: whole for every type of task, and the contributions themselves of a B-cos model."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from bcos_core import explain
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import UnsupportedModelError
from bcos_core.home import Home
from bcos_core.model.classifier import Classifier, load, predict
from bcos_core.tasks.registry import TASK_TYPES
from tests.tiny_pair import save_pair

TEXTS = ["A charming film, not dull!", "dull", "the plot never ends and the acting is very, very charming indeed"]


@pytest.mark.parametrize("reference", ["none", "mask", "pad"])
def test_of_a_bcos_model_it_is_the_contributions(reference: str, pair: dict[str, Classifier]) -> None:
    for one, other in zip(
        explain(pair["bcos"], TEXTS, method="pullback", reference=reference),
        explain(pair["bcos"], TEXTS, method="bcos", reference=reference),
        strict=True,
    ):
        assert one.scores == other.scores
        assert (one.reference_share, one.bias_share) == (other.reference_share, other.bias_share)


@pytest.mark.parametrize("kind", list(TASK_TYPES))
def test_of_a_conventional_model_it_adds_up_whatever_is_answered(kind: str, home: Home) -> None:
    classifier = load(save_pair(home, kind=kind)[1])
    with torch.no_grad():  # biases that matter
        for name, parameter in classifier.model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(std=0.3)
    for record in explain(classifier, TEXTS, method="pullback"):
        plain = explain(classifier, record.text, method="input_x_gradient")
        assert record.logits == pytest.approx(plain.logits, abs=1e-4)
        assert record.completeness_error <= 1e-4 * max(1.0, abs(record.logit))
        assert abs(record.bias_share) > 1e-2
        assert (record.cost.forward, record.cost.backward) == (1, 1)


@pytest.mark.parametrize("kind", list(TASK_TYPES))
@pytest.mark.parametrize("side", [0, 1], ids=["B-cos", "conventional"])
def test_every_method_reports_the_answer_that_the_model_gives(side: int, kind: str, home: Home) -> None:
    """The point around which a score is counted included."""
    classifier = load(save_pair(home, kind=kind)[side])
    (answer,) = predict(classifier, TEXTS[:1])
    for method in METHODS.values():
        if method.unsupported(is_bcos=classifier.is_bcos, family=classifier.family, answers=classifier.task_type.name):
            continue
        options = {name: 3 for name in ("samples", "steps", "copies") if name in method.options}
        record = explain(classifier, TEXTS[0], method=method.name, **options)
        assert record.logits == pytest.approx(answer.logits, abs=1e-4), method.name
        if method.name in ("bcos", "pullback", "decompx"):
            assert record.completeness_error < 1e-4 * max(1.0, abs(record.logit))


def test_one_copy_has_the_biases_share_too(home: Home) -> None:
    classifier = load(save_pair(home)[1])
    with torch.no_grad():
        for name, parameter in classifier.model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(std=0.3)
    averaged = explain(classifier, TEXTS, method="averaged_pullback", copies=1)
    for one, other in zip(averaged, explain(classifier, TEXTS, method="pullback"), strict=True):
        assert abs(other.bias_share) > 1e-2
        assert one.bias_share == pytest.approx(other.bias_share, abs=1e-5)


def test_a_model_without_a_linear_form_is_refused_by_this_method_alone(pair: dict[str, Classifier]) -> None:
    changed = deepcopy(pair["conventional"].model)
    changed.bert.encoder.layer[1].intermediate.intermediate_act_fn = torch.nn.Softplus()  # type: ignore
    classifier = replace(pair["conventional"], model=changed)
    with pytest.raises(UnsupportedModelError, match="Softplus"):
        explain(classifier, TEXTS, method="pullback")
    assert explain(classifier, TEXTS[0], method="input_x_gradient").scores
