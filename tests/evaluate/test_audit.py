"""The audit of a conversion against scikit-learn, scipy and hand calculations."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import brier_score_loss, confusion_matrix, f1_score, log_loss
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.errors import DataError, InputError
from bcos_core.evaluate.audit import ModelLogits, audit, mcnemar
from bcos_core.evaluate.audit_run import known_audit, run_audit
from bcos_core.evaluate.reliability import fit_temperature, reliability_of
from bcos_core.home import Home
from bcos_core.model.info import read_info
from bcos_core.progress import SilentReporter
from bcos_core.text.examples import Examples

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}


def examples(n: int, classes: int, seed: int) -> Examples:
    labels = np.random.default_rng(seed).integers(0, classes, n).tolist()
    return Examples(tuple(f"text {place}" for place in range(n)), tuple(labels))


def logits(given: Examples, classes: int, seed: int, sureness: float) -> list[list[float]]:
    """Random answers that lean towards the label."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=(len(given), classes))
    return ((noise + 1.2 * np.eye(classes)[list(given.labels)]) * sureness).tolist()


def test_reliability_by_hand() -> None:
    # Confidences 0.9, 0.9, 0.6; the second is wrong. Bins of a fifteenth: 0.9 in one, 0.6 in another.
    def row(p: float) -> list[float]:
        return [math.log(p), math.log(1 - p)]

    found = reliability_of([row(0.9), row(0.9), row(0.6)], [0, 1, 0])
    assert found.ece == pytest.approx(2 / 3 * abs(0.5 - 0.9) + 1 / 3 * abs(1 - 0.6))
    assert found.brier == pytest.approx((2 * 0.01 + 2 * 0.81 + 2 * 0.16) / 3)
    assert found.nll == pytest.approx(-(math.log(0.9) + math.log(0.1) + math.log(0.6)) / 3)
    assert [(one.count, one.accuracy) for one in found.bins] == [(1, 1.0), (2, 0.5)]


def test_reliability_is_scikit_learns() -> None:
    given = examples(400, 3, 1)
    answers = logits(given, 3, 2, 2.0)
    probabilities = np.exp(answers) / np.exp(answers).sum(1, keepdims=True)
    found = reliability_of(answers, given.labels)
    assert found.nll == pytest.approx(log_loss(given.labels, probabilities))
    one_hot = np.eye(3)[list(given.labels)]
    expected = sum(brier_score_loss(one_hot[:, c], probabilities[:, c]) for c in range(3))
    assert found.brier == pytest.approx(expected)
    assert sum(one.count for one in found.bins) == 400


def test_temperature_scaling_undoes_a_known_overconfidence() -> None:
    given = examples(3000, 2, 3)
    answers = np.asarray(logits(given, 2, 4, 1.0))
    base = fit_temperature(answers, given.labels)
    assert fit_temperature(5 * answers, given.labels) == pytest.approx(5 * base, rel=0.01)
    sure = reliability_of(5 * answers, given.labels)
    scaled = reliability_of(5 * answers, given.labels, 5 * base)
    assert scaled.nll < sure.nll and scaled.ece < sure.ece


def test_an_audit_against_scikit_learn() -> None:
    test, validation = examples(300, 3, 5), examples(100, 3, 6)
    first = ModelLogits("first", logits(validation, 3, 7, 1), logits(test, 3, 8, 1))
    second = ModelLogits("second", logits(validation, 3, 9, 3), logits(test, 3, 10, 3))
    found = audit(first, second, ("a", "b", "c"), validation, test)
    predicted = [np.argmax(answers.test, 1) for answers in (first, second)]
    for model, answers in zip(found.models, predicted, strict=True):
        assert model.accuracy.mean == pytest.approx((answers == test.labels).mean())
        assert model.macro_f1.mean == pytest.approx(f1_score(test.labels, answers, average="macro"))
        assert model.macro_f1.low < model.macro_f1.mean < model.macro_f1.high
        assert np.array_equal(model.confusion, confusion_matrix(test.labels, answers))
    assert found.agreement.mean == pytest.approx((predicted[0] == predicted[1]).mean())
    assert found.gap.mean == pytest.approx(found.models[0].accuracy.mean - found.models[1].accuracy.mean)
    right = [answers == test.labels for answers in predicted]
    assert (found.only_first, found.only_second) == ((right[0] & ~right[1]).sum(), (right[1] & ~right[0]).sum())
    assert {flip.index for flip in found.flips} == set(np.flatnonzero(predicted[0] != predicted[1]).tolist())
    sureness = [min(flip.probabilities) for flip in found.flips]
    assert sureness == sorted(sureness, reverse=True)


def test_mcnemar_by_the_binomial() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 5) == 1.0
    assert mcnemar(0, 5) == pytest.approx(2 / 32)
    assert mcnemar(3, 9) == pytest.approx(2 * stats.binom.cdf(3, 12, 0.5))


def test_answers_to_other_examples_are_refused() -> None:
    test = examples(5, 2, 0)
    good = ModelLogits("good", [], logits(test, 2, 0, 1))
    with pytest.raises(ValueError, match="other examples"):
        audit(good, ModelLogits("short", [], good.test[:3]), ("a", "b"), Examples((), ()), test)
    assert audit(good, good, ("a", "b"), Examples((), ()), test).models[0].temperature == 1.0


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    return save_pair(home.create(), task=TASK)


def test_the_command_and_what_it_remembers(
    pair: tuple[Path, Path], home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = map(read_info, pair)
    assert known_audit(first, second, home=home) is None
    assert main(["audit", "tiny-bcos", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [model["name"] for model in result["models"]] == ["tiny-bcos", "tiny-conventional"]
    assert result["models"][0]["accuracy"]["n"] == 965
    monkeypatch.setattr("bcos_core.model.predictions.predict", None)  # nothing is predicted again
    known = known_audit(first, second, home=home)
    assert known is not None and json.loads(json.dumps(known.to_dict()))["gap"] == result["gap"]
    assert run_audit(first, second, home=home, reporter=SilentReporter()) == known
    assert main(["audit", "tiny-conventional"]) == 0
    assert "McNemar" in capsys.readouterr().out


def test_models_that_cannot_be_compared(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = save_pair(home.create())  # it does not say what it was trained on
    info = read_info(folder)
    with pytest.raises(DataError, match="tiny-bcos does not say what it was trained on"):
        run_audit(info, info, home=home, reporter=SilentReporter())
    known, other = (replace(info, task={**TASK, "name": name}) for name in ("short-reviews", "long-reviews"))
    with pytest.raises(InputError, match="not trained on the same task"):
        run_audit(known, other, home=home, reporter=SilentReporter())
    assert main(["audit", "nowhere"]) == 2
    assert main(["audit", "tiny-bcos", "--against", "tiny-conventional"]) == 2
