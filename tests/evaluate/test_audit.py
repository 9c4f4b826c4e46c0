"""The audit of a conversion against scikit-learn, scipy and hand calculations."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats
from sklearn.metrics import brier_score_loss, confusion_matrix, f1_score, log_loss
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.errors import DataError, InputError
from bcos_core.evaluate.audit import Difference, ModelLogits, OutputAudit, audit, sign_test
from bcos_core.evaluate.audit_run import known_audit, run_audit
from bcos_core.evaluate.audit_words import audit_sentences, temperature_in_words
from bcos_core.evaluate.reliability import fit_temperature, reliability_of
from bcos_core.home import Home
from bcos_core.model.info import read_info
from bcos_core.progress import SilentReporter
from bcos_core.tasks.estimates import proportion, resampled
from bcos_core.tasks.registry import USUAL
from bcos_core.text.examples import Examples, TaskData

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


def test_a_temperature_at_an_end_of_the_search_is_said_to_be_one() -> None:
    wrong = fit_temperature([[5.0, 0.0], [0.0, 5.0]], (1, 0))  # the surer, the worse: no temperature is high enough
    right = fit_temperature([[5.0, 0.0], [0.0, 5.0]], (0, 1))  # always right: none is low enough
    assert temperature_in_words(wrong) == (
        "temperature 20.0, the end of the search: on the validation texts, the model is worth no more than an even "
        "guess"
    )
    assert temperature_in_words(right) == (
        "temperature 0.0500, the end of the search: on the validation texts, the model could be surer of every answer"
    )
    assert temperature_in_words(1.5) == "temperature 1.50"


def data(labels: tuple[str, ...], test: Examples, validation: Examples | None = None, kind: str = USUAL) -> TaskData:
    none = Examples((), ())
    return TaskData("data", labels, none, validation or none, test, type=kind)


def test_an_audit_against_scikit_learn() -> None:
    test, validation = examples(300, 3, 5), examples(100, 3, 6)
    first = ModelLogits("first", logits(validation, 3, 7, 1), logits(test, 3, 8, 1))
    second = ModelLogits("second", logits(validation, 3, 9, 3), logits(test, 3, 10, 3))
    found = audit(first, second, data(("a", "b", "c"), test, validation))
    predicted = [np.argmax(answers.test, 1) for answers in (first, second)]
    for model, answers in zip(found.models, predicted, strict=True):
        accuracy, macro = model.metrics["accuracy"], model.metrics["macro_f1"]
        assert accuracy.mean == pytest.approx((answers == test.labels).mean())
        assert macro.mean == pytest.approx(f1_score(test.labels, answers, average="macro"))
        assert macro.low < macro.mean < macro.high
        assert accuracy == proportion(accuracy.mean, 300)
        assert model.choice is not None
        assert np.array_equal(model.choice.confusion, confusion_matrix(test.labels, answers))
    assert found.agreement["accuracy"].mean == pytest.approx((predicted[0] == predicted[1]).mean())
    assert found.gap.mean == pytest.approx(np.subtract(*((answers == test.labels).mean() for answers in predicted)))
    right = [answers == test.labels for answers in predicted]
    assert (found.only_first, found.only_second) == ((right[0] & ~right[1]).sum(), (right[1] & ~right[0]).sum())
    assert {one.index for one in found.differences} == set(np.flatnonzero(predicted[0] != predicted[1]).tolist())
    sure = np.minimum(*(special.softmax(answers.test, axis=1).max(1) for answers in (first, second)))
    assert [one.apart for one in found.differences] == pytest.approx(sorted(sure[predicted[0] != predicted[1]])[::-1])
    for label, output in enumerate(found.outputs):
        assert output.texts == sum(gold == label for gold in test.labels)
        assert output.f1[0] == pytest.approx(f1_score(test.labels, predicted[0], labels=[label], average="macro"))
        assert output.only_first == ((predicted[0] == label) & (predicted[1] != label)).sum()


def test_several_labels_by_hand() -> None:
    test = Examples(("0", "1", "2", "3"), ((0,), (0, 1), (), (2,)))
    sure, unsure = math.log(9), math.log(1.5)  # probabilities 0.9 and 0.6
    first = [
        [sure, -sure, -math.log(3)],
        [sure, sure, -sure],
        [-sure, -sure, -sure],
        [-sure, math.log(3), -math.log(4)],
    ]
    second = [[sure, -sure, sure], [sure, sure, -sure], [-sure, -sure, -sure], [-sure, -unsure, sure]]
    task = data(("a", "b", "c"), test, kind="multi-label")
    found = audit(ModelLogits("first", [], first), ModelLogits("second", [], second), task)
    # Right in every label: all but text 3, and all but text 0.
    assert [model.metrics["exact"].mean for model in found.models] == [0.75, 0.75]
    # Given and right: a, a, b of a, a, b, b against a, a, b, c; then a, a, b, c of a, c, a, b, c.
    assert [model.metrics["micro_f1"].mean for model in found.models] == pytest.approx([6 / 8, 8 / 9])
    assert (found.gap.mean, found.only_first, found.only_second, found.p) == (0.0, 1, 1, 1.0)
    assert found.agreement["exact"].mean == 0.5
    assert found.agreement["micro_f1"].mean == pytest.approx(2 * 3 / (4 + 5))
    assert found.outputs == (
        OutputAudit("a", 2, (1.0, 1.0), 0, 0),
        OutputAudit("b", 1, (pytest.approx(2 / 3), 1.0), 1, 0),
        OutputAudit("c", 1, (0.0, pytest.approx(2 / 3)), 0, 2),
    )
    assert found.differences == (
        Difference(3, "c", ("b", "c"), pytest.approx(0.8)),  # of c both are surer than of b
        Difference(0, "a", ("a", "a, c"), pytest.approx(0.75)),
    )
    assert all(model.choice is None for model in found.models)
    said = audit_sentences(found)
    assert said[0].startswith("The two models on 4 test texts: same labels, all of them 50.0 % (95 % interval ")
    assert "1 texts that only the first gets right in every label" in said[2]


def test_a_score_by_hand() -> None:
    test = Examples(("0", "1", "2", "3"), (1.0, 2.0, 3.0, 4.0))
    first, second = [1.5, 2.0, 3.0, 3.0], [1.0, 2.5, 5.0, 3.0]
    models = (ModelLogits(name, [], [[one] for one in given]) for name, given in (("1", first), ("2", second)))
    found = audit(*models, data(("stars",), test, kind="regression"))
    assert [model.metrics["mae"].mean for model in found.models] == [0.375, 0.875]
    assert (found.gap.mean, found.only_first, found.only_second, found.p) == (-0.5, 2, 1, 1.0)
    assert found.agreement["mae"].mean == 0.75
    assert found.agreement["pearson"].mean == pytest.approx(stats.pearsonr(first, second).statistic)
    assert found.agreement["spearman"].mean == pytest.approx(stats.spearmanr(first, second).statistic)
    assert found.outputs == ()
    assert found.differences == (
        Difference(2, "3", ("3.00", "5.00"), 2.0),
        Difference(0, "1", ("1.50", "1.00"), 0.5),
        Difference(1, "2", ("2.00", "2.50"), 0.5),
    )
    said = " ".join(audit_sentences(found))
    assert "Mean absolute error differs by −0.500 (95 % interval " in said and "accuracy" not in said.lower()
    assert "Exact sign test: 2 texts on which the first is nearer, 1 on which the second is nearer, p = 1.00." in said


def test_figures_that_are_no_means_have_intervals() -> None:
    values = np.random.default_rng(0).normal(size=200)
    found = resampled(lambda chosen: {"mean": float(values[chosen].mean()), "spread": float(values[chosen].std())}, 200)
    assert found["spread"].mean == pytest.approx(values.std())
    # The standard errors of mean and standard deviation of normal values: σ / √n and about σ / √(2n).
    for name, error in (("mean", 1 / math.sqrt(200)), ("spread", 1 / math.sqrt(400))):
        width = found[name].high - found[name].low
        assert width == pytest.approx(2 * 1.96 * error * values.std(), rel=0.15)
    constant = resampled(lambda chosen: {} if len(set(chosen)) < 3 else {"one": 1.0}, 3)["one"]
    assert (constant.mean, constant.n, constant.has_interval) == (1.0, 3, False)


def test_the_sign_test_is_mcnemars_by_the_binomial() -> None:
    assert sign_test(0, 0) == 1.0
    assert sign_test(5, 5) == 1.0
    assert sign_test(0, 5) == pytest.approx(2 / 32)
    assert sign_test(3, 9) == pytest.approx(2 * stats.binom.cdf(3, 12, 0.5))


def test_answers_to_other_examples_are_refused() -> None:
    test = examples(5, 2, 0)
    good, task = ModelLogits("good", [], logits(test, 2, 0, 1)), data(("a", "b"), test)
    with pytest.raises(ValueError, match="other examples"):
        audit(good, ModelLogits("short", [], good.test[:3]), task)
    choice = audit(good, good, task).models[0].choice
    assert choice is not None and choice.temperature == 1.0


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
    assert result["models"][0]["metrics"]["accuracy"]["n"] == 965
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
