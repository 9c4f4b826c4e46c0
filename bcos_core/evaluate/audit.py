"""The audit of a conversion: what the B-cos model and its conventional twin do alike, and what they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import softmax
from scipy.stats import binomtest

from bcos_core.evaluate.reliability import Reliability, fit_temperature, reliability_of
from bcos_core.evaluate.statistics import CONFIDENCE, Estimate, bootstrap
from bcos_core.tasks.single_label import macro_f1
from bcos_core.text.examples import Examples

Logits = Sequence[Sequence[float]]

_RESAMPLES = 1_000
_SEED = 0


@dataclass(frozen=True)
class ModelAudit:
    """One model on the test set. `confusion[actual][predicted]` counts; `rescaled` is after dividing the logits by
    `temperature`, fitted on the validation set (1 where there is none)."""

    name: str
    accuracy: Estimate
    macro_f1: Estimate
    confusion: tuple[tuple[int, ...], ...]
    reliability: Reliability
    temperature: float
    rescaled: Reliability


@dataclass(frozen=True)
class Flip:
    """A test example that the two models answer differently: its place in the test set, and both answers."""

    index: int
    label: int
    answers: tuple[int, int]
    probabilities: tuple[float, float]


@dataclass(frozen=True)
class Audit:
    """Two models on the same test set. `agreement` is the share of equal answers; `gap` the paired difference of
    their accuracies, first minus second; `mcnemar_p` the exact two-sided p of McNemar's test, from `only_first` and
    `only_second`: the texts that only one of them gets right."""

    labels: tuple[str, ...]
    models: tuple[ModelAudit, ModelAudit]
    agreement: Estimate
    gap: Estimate
    only_first: int
    only_second: int
    mcnemar_p: float
    flips: tuple[Flip, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ModelLogits:
    """A model's name and its logits on the validation and the test examples."""

    name: str
    validation: Logits
    test: Logits


def audit(
    first: ModelLogits, second: ModelLogits, labels: Sequence[str], validation: Examples, test: Examples
) -> Audit:
    """Compare two models.

    Raises:
        ValueError: logits that do not belong to these examples.
    """
    for answers in (first, second):
        if len(answers.test) != len(test) or len(answers.validation) != len(validation):
            raise ValueError(f"{answers.name} has answers to other examples.")
    models = (_audited(first, labels, validation, test), _audited(second, labels, validation, test))
    ours, theirs = _predicted(first.test), _predicted(second.test)
    actual = np.asarray(test.classes)
    only_first = int(((ours == actual) & (theirs != actual)).sum())
    only_second = int(((ours != actual) & (theirs == actual)).sum())
    return Audit(
        labels=tuple(labels),
        models=models,
        agreement=bootstrap((ours == theirs).astype(float).tolist()),
        gap=bootstrap(((ours == actual).astype(float) - (theirs == actual)).tolist()),
        only_first=only_first,
        only_second=only_second,
        mcnemar_p=mcnemar(only_first, only_second),
        flips=_flips(first, second, test),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided p that neither of two models is right more often (McNemar, 1947): the texts that one alone
    gets right fall on either side like fair coins."""
    discordant = only_first + only_second
    return float(binomtest(only_first, discordant, 0.5).pvalue) if discordant else 1.0


def _audited(answers: ModelLogits, labels: Sequence[str], validation: Examples, test: Examples) -> ModelAudit:
    predicted, actual = _predicted(answers.test), np.asarray(test.classes)
    confusion = np.zeros((len(labels), len(labels)), dtype=int)
    np.add.at(confusion, (actual, predicted), 1)
    temperature = fit_temperature(answers.validation, validation.classes) if len(validation) else 1.0
    return ModelAudit(
        name=answers.name,
        accuracy=bootstrap((predicted == actual).astype(float).tolist()),
        macro_f1=_macro_f1(predicted, actual, len(labels)),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        reliability=reliability_of(answers.test, test.classes),
        temperature=temperature,
        rescaled=reliability_of(answers.test, test.classes, temperature),
    )


def _macro_f1(predicted: np.ndarray, actual: np.ndarray, classes: int) -> Estimate:
    """Macro F1 with its percentile bootstrap interval over texts: it is no mean over texts, so it is recomputed."""
    generator = np.random.default_rng(_SEED)
    draws = []
    for _ in range(_RESAMPLES):
        chosen = generator.integers(0, len(actual), len(actual))
        draws.append(_f1(predicted[chosen], actual[chosen], classes))
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(macro_f1(predicted.tolist(), actual.tolist(), classes), float(low), float(high), len(actual))


def _f1(predicted: np.ndarray, actual: np.ndarray, classes: int) -> float:
    hits = np.bincount(actual[predicted == actual], minlength=classes)
    mentions = np.bincount(predicted, minlength=classes) + np.bincount(actual, minlength=classes)
    return float(np.divide(2 * hits, mentions, out=np.zeros(classes), where=mentions > 0).mean())


def _flips(first: ModelLogits, second: ModelLogits, test: Examples) -> tuple[Flip, ...]:
    """The examples with different answers, those first about which the two are surest."""
    ours, theirs, actual = _predicted(first.test), _predicted(second.test), test.classes
    sure = [softmax(np.asarray(answers.test, dtype=float), axis=1).max(1) for answers in (first, second)]
    flips = [
        Flip(
            index,
            actual[index],
            (int(ours[index]), int(theirs[index])),
            (float(sure[0][index]), float(sure[1][index])),
        )
        for index in np.flatnonzero(ours != theirs).tolist()
    ]
    return tuple(sorted(flips, key=lambda flip: -min(flip.probabilities)))


def _predicted(logits: Logits) -> np.ndarray:
    return np.asarray(logits, dtype=float).argmax(1)
