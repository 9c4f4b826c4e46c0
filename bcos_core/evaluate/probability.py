"""The number that faithfulness scores look at: the probability of the explained class or label, or a score itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bcos_core.registry import Registry
from bcos_core.tasks import multi_label, single_label

PROBABILITIES: Registry[Callable[[Sequence[float], int], float]] = Registry("probability")


def softmax(logits: Sequence[float], index: int) -> float:
    """exp(z_c) / Σ exp(z): what a conventional classifier is trained with."""
    return single_label.softmax(logits)[index]


def sigmoid(logits: Sequence[float], index: int) -> float:
    """1 / (1 + exp(−z_c)): what a B-cos classifier is trained with (arXiv 2502.12992 §3.3)."""
    return multi_label.sigmoid(logits[index])


def score(logits: Sequence[float], index: int) -> float:
    """The score itself, in its own unit, of a model that gives one."""
    return logits[index]


PROBABILITIES.register("softmax", softmax)
PROBABILITIES.register("score", score)
PROBABILITIES.register("sigmoid", sigmoid)


def what_is_measured(probability: str, target: str) -> str:
    """What scores look at: "the softmax of the predicted class", "the score"."""
    return target if target == f"the {probability}" else f"the {probability} of {target}"
