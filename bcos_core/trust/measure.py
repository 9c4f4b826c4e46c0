"""From questions to the numbers of every test: under which conditions heatmaps are made, and how they are compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bcos_core.evaluate.explainer import Explainer
from bcos_core.model.classifier import Classifier
from bcos_core.tasks.estimates import Estimate, bootstrap
from bcos_core.trust.compare import (
    Maps,
    between_seeds,
    by_difference,
    by_rank,
    by_strength,
    of_all_words,
    of_shared_words,
)
from bcos_core.trust.decide import Sample
from bcos_core.trust.heatmaps import EDITED, PLAIN, Condition, Gallery, Question
from bcos_core.trust.questions import HARMLESS, TELLING, Questions
from bcos_core.trust.randomise import ModelPart, in_double, parts_of, shuffled, why_not_in_double
from bcos_core.trust.result import Scheme, Step
from bcos_core.trust.tests import ENOUGH_TEXTS

AGAIN, ALONE = Condition("again"), Condition("alone", company="alone")
PADDED, DOUBLE = Condition("padded", company="beside a long one"), Condition("float64", in_double)
SEEDS = (Condition("seed+1", shift=1), Condition("seed+2", shift=2))
_NO_SEEDS = "It draws nothing at random."
_NO_SIGNS = "Its scores have no sign: the test before says it all."
_OTHER_DRAWS = "It draws at random, and draws other numbers in float64."


@dataclass(frozen=True)
class Shuffle:
    """Weights shuffled down to a part, or of it alone."""

    scheme: Scheme
    part: ModelPart
    condition: Condition


def shuffles(classifier: Classifier, seed: int) -> list[Shuffle]:
    """All of them, the cascade first. Where the output layer alone is shuffled, the two schemes are the same."""
    parts = parts_of(classifier.model)
    found = [
        Shuffle("cascade", part, _shuffling(f"cascade:{place}:{seed}", parts[: place + 1], seed))
        for place, part in enumerate(parts)
    ]
    found.append(Shuffle("alone", parts[0], found[0].condition))
    for place, part in enumerate(parts[1:], start=1):
        found.append(Shuffle("alone", part, _shuffling(f"alone:{place}:{seed}", [part], seed)))
    return found


def _shuffling(name: str, parts: Sequence[ModelPart], seed: int) -> Condition:
    return Condition(name, partial(shuffled, parts=parts, seed=seed))


@dataclass(frozen=True)
class Measurement:
    """Everything that the tests of one model need."""

    classifier: Classifier
    explainers: Sequence[Explainer]
    questions: Questions
    gallery: Gallery
    seed: int

    @property
    def conditions(self) -> list[Condition]:
        """Those that any method needs, each once."""
        own = [one.condition for one in shuffles(self.classifier, self.seed)]
        double = [] if why_not_in_double(self.classifier) else [DOUBLE]
        return [PLAIN, EDITED, AGAIN, ALONE, PADDED, *double, *SEEDS, *{one.name: one for one in own}.values()]

    def asked(self, explainer: Explainer, condition: Condition) -> Sequence[Question]:
        """What a method is asked under a condition."""
        stochastic = explainer.method.stochastic
        if (condition in SEEDS and not stochastic) or (condition is DOUBLE and stochastic):
            return ()
        if condition is EDITED:
            return self.questions.of_all_edits
        return self.questions.asked if condition is PLAIN else self._enough

    def amounts(self) -> dict[str, tuple[int, int]]:
        """By method: how many heatmaps it needs, and how many of them are there already."""
        found: dict[str, tuple[int, int]] = {}
        for explainer in self.explainers:
            asked = [(one, list(dict.fromkeys(self.asked(explainer, one)))) for one in self.conditions]
            total = sum(len(questions) for _, questions in asked)
            missing = sum(len(self.gallery.missing(explainer, one, questions)) for one, questions in asked)
            found[explainer.method.name] = total, total - missing
        return found

    def gather(self, done: Callable[[str, int], None]) -> None:
        """Make the heatmaps that are missing."""
        for condition in self.conditions:
            asked = [(explainer, self.asked(explainer, condition)) for explainer in self.explainers]
            self.gallery.fill(asked, condition, done)

    def samples(self) -> tuple[dict[tuple[str, str], Sample], list[Step]]:
        """The numbers of every test of every method, and the steps of the shuffled weights."""
        found: dict[tuple[str, str], Sample] = {}
        steps: list[Step] = []
        for explainer in self.explainers:
            samples, own = self._of(explainer)
            found |= {(explainer.method.name, test): sample for test, sample in samples.items()}
            steps += own
        return found, steps

    def _of(self, explainer: Explainer) -> tuple[dict[str, Sample], list[Step]]:
        plain = self._maps(explainer, PLAIN)
        found, steps = self._of_weights(explainer, plain)
        for test in HARMLESS:
            found[test] = self._of_edits(explainer, test, of_shared_words)
        for test in TELLING:
            found[test] = self._of_edits(explainer, test, of_all_words)
        if explainer.method.stochastic:
            found["seeds"] = Sample(between_seeds([plain, *(self._maps(explainer, one) for one in SEEDS)]))
        else:
            found["seeds"] = Sample(reason=_NO_SEEDS)
        for test, condition in (("again", AGAIN), ("alone", ALONE), ("padded", PADDED)):
            found[test] = Sample(by_difference(plain, self._maps(explainer, condition)))
        reason = _OTHER_DRAWS if explainer.method.stochastic else why_not_in_double(self.classifier)
        found["precision"] = (
            Sample(reason=reason) if reason else Sample(by_difference(plain, self._maps(explainer, DOUBLE)))
        )
        return found, steps

    def _of_weights(self, explainer: Explainer, plain: Maps) -> tuple[dict[str, Sample], list[Step]]:
        found: dict[str, Sample] = {}
        steps: list[Step] = []
        alone: list[tuple[str, list[float]]] = []
        for shuffle in shuffles(self.classifier, self.seed):
            maps = self._maps(explainer, shuffle.condition)
            values, strengths = by_rank(plain, maps), by_strength(plain, maps)
            steps.append(_step(explainer.method.name, shuffle, values, strengths))
            if shuffle.scheme == "cascade":  # the last one has all weights shuffled
                found["cascade"], found["cascade_strengths"] = Sample(values), Sample(strengths)
            else:
                alone.append((shuffle.part.title, values))
        if not explainer.method.signed:
            found["cascade_strengths"] = Sample(reason=_NO_SIGNS)
        title, values = max(alone, key=lambda one: sum(one[1]) / len(one[1]) if one[1] else -1.0)
        found["layers"] = Sample(values, tries=len(alone), part=title)
        return found, steps

    def _of_edits(self, explainer: Explainer, test: str, compared: Callable[..., list[float]]) -> Sample:
        edited = self.questions.edited[test]
        if edited.reason:
            return Sample(reason=edited.reason)
        before = self.gallery.find(explainer, PLAIN, [self.questions.asked[row] for row in edited.rows])
        after = self.gallery.find(explainer, EDITED, self.questions.of_edits(test))
        return Sample(compared(before, after, edited.edits))

    @property
    def _enough(self) -> Sequence[Question]:
        """The texts of the tests in which every one counts."""
        return self.questions.asked[:ENOUGH_TEXTS]

    def _maps(self, explainer: Explainer, condition: Condition) -> Maps:
        return self.gallery.find(explainer, condition, self._enough)


def _step(method: str, shuffle: Shuffle, values: Sequence[float], strengths: Sequence[float]) -> Step:
    ends = (*_ends(bootstrap(values)), *_ends(bootstrap(strengths)))
    return Step(method, shuffle.scheme, shuffle.part.title, len(values), *ends)


def _ends(estimate: Estimate) -> tuple[float | None, float | None, float | None]:
    """Mean, low and high; None for what there is not."""
    mean = estimate.mean if estimate.n else None
    return (mean, estimate.low, estimate.high) if estimate.has_interval else (mean, None, None)
