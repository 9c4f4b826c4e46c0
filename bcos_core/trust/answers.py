"""What the model says of texts as one number each, and how far an edit moves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import pstdev

from bcos_core.evaluate.probability import PROBABILITIES
from bcos_core.model.classifier import Classifier
from bcos_core.model.predictions import logits_on
from bcos_core.progress import Tally
from bcos_core.storage.evidence import EvidenceStore

STILL, MOVED = 0.05, 0.2
"""Of a probability: an edit that moves it by at most the one leaves the answer where it was, by at least the other
moves it."""
STILL_DEVIATIONS, MOVED_DEVIATIONS = 0.1, 0.4
"""The same of a score, in standard deviations of the scores over the texts."""


@dataclass(frozen=True)
class Answers:
    """Asks a classifier, each text once; what it said is kept. The number is what scores look at: the probability of
    the explained class or label, or the score itself. `tally` is told of every text."""

    classifier: Classifier
    store: EvidenceStore
    tally: Tally
    known: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def targets(self, texts: Sequence[str]) -> list[int]:
        """The output that each text's explanation is about: the predicted class, the likeliest label, the score."""
        return [max(range(len(row)), key=row.__getitem__) for row in self._logits(texts)]

    def measured(self, texts: Sequence[str], targets: Sequence[int]) -> list[float]:
        """Of each text, about its target."""
        probability = PROBABILITIES[self.classifier.task_type.measures[0]]
        return [probability(row, index) for row, index in zip(self._logits(texts), targets, strict=True)]

    def _logits(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        missing = [text for text in dict.fromkeys(texts) if text not in self.known]
        self.known.update(zip(missing, logits_on(self.classifier, missing, self.store, self.tally), strict=True))
        return [self.known[text] for text in texts]


@dataclass(frozen=True)
class Tolerance:
    """Up to `still`, an edit leaves the answer where it was; from `moved` on, it moves it. `unit` is what both are
    of."""

    still: float
    moved: float
    unit: str

    def in_words(self, value: float) -> str:
        return f"{value:.2g} {self.unit}"


def tolerance_of(classifier: Classifier, values: Sequence[float]) -> Tolerance:
    """Of a task, given what the model says of the texts."""
    if classifier.task_type.has_probabilities:
        return Tolerance(STILL, MOVED, "of the probability")
    spread = pstdev(values) if len(values) > 1 else 0.0
    return Tolerance(STILL_DEVIATIONS * spread, MOVED_DEVIATIONS * spread, "of the score")
