"""Are the probabilities worth what they say? Reliability, before and after temperature scaling.

The literature also calls it calibration; here that word is kept for refitting a converted model
(`bcos_core.calibrate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

BINS = 15
SEARCHED = (0.05, 20.0)
"""Temperatures that are searched. Further out, a softmax is as good as one-hot, or as even as it can be."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bin:
    """Predictions whose confidence lies in `low` … `high`: their mean confidence, accuracy and number."""

    low: float
    high: float
    confidence: float
    accuracy: float
    count: int


@dataclass(frozen=True)
class Reliability:
    """`ece`: expected calibration error over `BINS` equal bins; `brier`: mean squared error of the probabilities
    against the one-hot label, summed over classes; `nll`: mean negative log-likelihood."""

    ece: float
    brier: float
    nll: float
    bins: tuple[Bin, ...]


def reliability_of(logits: Sequence[Sequence[float]], labels: Sequence[int], temperature: float = 1.0) -> Reliability:
    """Reliability of the softmax of logits / temperature (Guo et al., arXiv 1706.04599 §2; Brier, 1950)."""
    scaled = np.asarray(logits, dtype=float) / temperature
    actual = np.asarray(labels)
    probabilities = softmax(scaled, axis=1)
    confidence, right = probabilities.max(1), probabilities.argmax(1) == actual
    # A confidence on a boundary belongs to the bin below it, as in Guo et al.: (low, high].
    places = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    bins = tuple(
        Bin(
            place / BINS,
            (place + 1) / BINS,
            float(confidence[places == place].mean()),
            float(right[places == place].mean()),
            int((places == place).sum()),
        )
        for place in np.unique(places).tolist()
    )
    one_hot = np.eye(scaled.shape[1])[actual]
    return Reliability(
        ece=sum(one.count * abs(one.accuracy - one.confidence) for one in bins) / len(actual),
        brier=float(((probabilities - one_hot) ** 2).sum(1).mean()),
        nll=_nll(scaled, actual),
        bins=bins,
    )


def fit_temperature(logits: Sequence[Sequence[float]], labels: Sequence[int]) -> float:
    """The temperature with the least negative log-likelihood on these examples (Guo et al., §4.2); an end of the search
    where nothing within is better than that."""
    given, actual = np.asarray(logits, dtype=float), np.asarray(labels)
    low, high = np.log(SEARCHED)
    found = minimize_scalar(lambda t: _nll(given / np.exp(t), actual), bounds=(low, high), method="bounded")
    best = min((*SEARCHED, float(np.exp(found.x))), key=lambda t: _nll(given / t, actual))  # of equals the first
    return float(best)


def end_of_search(temperature: float) -> str:
    """Where a fitted temperature is an end of the search and no least value: what that says of the model, else ""."""
    low, high = SEARCHED
    if temperature <= low:
        return "on the validation texts, the model could be surer of every answer"
    if temperature >= high:
        return "on the validation texts, the model is worth no more than an even guess"
    return ""


def _nll(scaled: Array, actual: NDArray[np.int_]) -> float:
    return float(-log_softmax(scaled, axis=1)[np.arange(len(actual)), actual].mean())
