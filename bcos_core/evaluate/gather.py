"""Measuring what scores need, for one model: what is in the store already is not measured again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar

from bcos_core.attribution.record import Attribution
from bcos_core.evaluate.answers import Answers
from bcos_core.evaluate.case import Curves, Soft, Steps
from bcos_core.evaluate.curves import leave_one_out, removal_curves, removal_steps
from bcos_core.evaluate.explainer import Explainer
from bcos_core.evaluate.limits import find_limits
from bcos_core.evaluate.plan import CURVES, LIMITS, SETS, SINGLES, SOFT, moving_part_of, part_of, pointing_part_of
from bcos_core.evaluate.pointing import Pair, points
from bcos_core.evaluate.probability import PROBABILITIES
from bcos_core.evaluate.removal import Removal
from bcos_core.evaluate.sensitivity import sensitivities
from bcos_core.evaluate.sets import removed_sets
from bcos_core.evaluate.soft import soft_answers
from bcos_core.evaluate.subjects import (
    EXPLANATION,
    POINTING,
    curves_kind,
    limits_item,
    limits_kind,
    moves_kind,
    sets_kind,
    singles_kind,
    soft_kind,
    steps_kind,
)
from bcos_core.model.classifier import Classifier
from bcos_core.model.identity import model_subject
from bcos_core.model.text_model import require_finite_logits
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.text.encoding import Encoded, encode

# Texts that are explained and scored before anything is stored: what a killed job loses, and what memory holds. One
# batch of a method, so that smaller steps would cost time.
CHUNK = 16
# Of the first chunk: after so many texts it is known how long every part of the work takes on this model.
FIRST_CHUNK = 4
# Texts of a chunk whose limits are searched together: enough for full batches, few enough to tell how far it is.
SEARCHED_TOGETHER = 8

Item = TypeVar("Item")
Advance = Callable[[str, Sequence[Any]], None]
"""Is told of a part of the work which texts or pairs of it are done now, and were not there already."""


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """The portions in which texts or pairs are worked on."""
    if items:
        for start, end in pairwise([0, *range(FIRST_CHUNK, len(items), CHUNK), len(items)]):
            yield items[start:end]


@dataclass(frozen=True)
class Bounded:
    """Of which texts limits are searched: the first `texts` with at most `tokens` ordinary tokens; and how, by beams of
    a `width`, for what `probability`."""

    texts: int
    tokens: int
    width: int
    probability: str

    def chosen(self, encoded: Sequence[Encoded]) -> list[Encoded]:
        """Those of all texts of an evaluation, in their order."""
        short = [text for text in encoded if sum(not token.added for token in text.tokens) <= self.tokens]
        return short[: self.texts]


@dataclass(frozen=True)
class Gatherer:
    """One model, its explainers, and how tokens are removed. Memory does not grow with the number of texts."""

    classifier: Classifier
    explainers: Sequence[Explainer]
    removal: Removal
    store: EvidenceStore

    def explanations(
        self,
        texts: Sequence[str],
        *,
        curves: bool,
        singles: bool,
        moves: bool,
        sets_by: int | None,
        soft: Mapping[str, int],
        bounded: Bounded | None,
        advance: Advance,
    ) -> None:
        """Scores of every explainer on every text; with `curves` and `singles`, what the model says of the text
        without its top tokens, and without each token alone; with `moves`, how far the scores move with the words; with
        `sets_by`, a seed, without random sets of tokens; for each evidence of `soft`, with its seed, with parts of its
        words; with `bounded`, at every single removal, and the limits of any order. `advance` is told of every text,
        part by part."""
        encoded = dict(zip(texts, encode(self.classifier.tokenizer, texts, self.classifier.max_length), strict=True))
        short = {text.text for text in bounded.chosen(list(encoded.values()))} if bounded else set()
        for chunk in chunks(sorted(texts, key=len, reverse=True)):  # a chunk has texts of similar length
            answers = Answers(self.classifier, self.removal)
            of_chunk = [encoded[text] for text in chunk]
            for explainer in self.explainers:
                advance(part_of(explainer.method.name), self._explain(explainer, chunk))
                if moves:
                    advance(moving_part_of(explainer.method.name), self._move(explainer, of_chunk))
            if bounded:
                searched = [text for text in of_chunk if text.text in short]
                advance(LIMITS, [text for text in chunk if text not in short])
                self._limits(searched, bounded, answers, advance)
                self._ranked(steps_kind(self.removal.name), removal_steps, searched, answers)
            if curves:
                advance(CURVES, self._ranked(curves_kind(self.removal.name), removal_curves, of_chunk, answers))
            for evidence, seed in soft.items():
                softly = partial(_soft, self.classifier, evidence=evidence, seed=seed)
                advance(SOFT[evidence], self._ranked(soft_kind(evidence, seed), softly, of_chunk, answers))
            if singles:
                advance(SINGLES, self._of_model(singles_kind(self.removal.name), leave_one_out, of_chunk, answers))
            if sets_by is not None:
                draw = partial(_sets, seed=sets_by)
                advance(SETS, self._of_model(sets_kind(self.removal.name, sets_by), draw, of_chunk, answers))

    def pairs(self, pairs: Sequence[Pair], advance: Advance) -> None:
        """The pointing game of every explainer on every pair, which may be longer than trained texts."""
        for chunk in chunks(pairs):
            for explainer in self.explainers:
                advance(pointing_part_of(explainer.method.name), self._point(explainer.unlimited, chunk))

    def _explain(self, explainer: Explainer, texts: Sequence[str]) -> Sequence[str]:
        """Those that were not known. So do the others; of a text that its method failed on, nothing more is asked."""
        missing = self._missing(explainer.name, EXPLANATION, texts)
        if missing:
            records = explainer(missing)
            _require_logits(self.classifier, records)
            self.store.keep(
                explainer.name,
                EXPLANATION,
                {name_of(text): _brief(record) for text, record in zip(missing, records, strict=True)},
            )
        return missing

    def _move(self, explainer: Explainer, texts: Sequence[Encoded]) -> Sequence[str]:
        kind = moves_kind(explainer.seed)
        missing = self._missing(explainer.name, kind, [text.text for text in texts])
        known = self.store.find(explainer.name, EXPLANATION, map(name_of, missing))
        wanted = [text for text in texts if text.text in set(missing) and not known[name_of(text.text)]["failed"]]
        if wanted:
            explained = [known[name_of(text.text)] for text in wanted]
            found = sensitivities(
                explainer, wanted, [one["scores"] for one in explained], [one["target"] for one in explained]
            )
            self.store.keep(
                explainer.name, kind, {name_of(text.text): value for text, value in zip(wanted, found, strict=True)}
            )
        return missing

    def _ranked(
        self,
        kind: str,
        measure: Callable[[Answers, Sequence[Encoded], Sequence[Sequence[float]]], Sequence[Curves | Steps | Soft]],
        texts: Sequence[Encoded],
        answers: Answers,
    ) -> Sequence[str]:
        """Of all explainers at once: where they remove the same tokens, the model is asked once. A text is named for
        each of them."""
        asked: list[str] = []
        wanted: list[tuple[Explainer, Encoded, list[float]]] = []
        for explainer in self.explainers:
            missing = self._missing(explainer.name, kind, [text.text for text in texts])
            asked += missing
            known = self.store.find(explainer.name, EXPLANATION, map(name_of, missing))
            for text in texts:
                explanation = known.get(name_of(text.text))
                if explanation is not None and not explanation["failed"]:
                    wanted.append((explainer, text, explanation["scores"]))
        if not wanted:
            return asked
        found = measure(answers, [text for _, text, _ in wanted], [row for _, _, row in wanted])
        for explainer in self.explainers:
            self.store.keep(
                explainer.name,
                kind,
                {
                    name_of(text.text): measured.to_dict()
                    for (owner, text, _), measured in zip(wanted, found, strict=True)
                    if owner is explainer
                },
            )
        return asked

    def _limits(self, texts: Sequence[Encoded], bounded: Bounded, answers: Answers, advance: Advance) -> None:
        """Of the class that is explained, which is the same for every method."""
        subject = model_subject(self.classifier.identity, self.classifier.max_length)
        kind = limits_kind(self.removal.name, bounded.probability, bounded.width)
        known = self.store.find(self.explainers[0].name, EXPLANATION, [name_of(text.text) for text in texts])
        targets = {text: known[name_of(text.text)]["target"] for text in texts}
        items = {text: limits_item(text.text, target) for text, target in targets.items()}
        there = self.store.find(subject, kind, items.values())
        missing = [text for text in texts if items[text] not in there]
        for start in range(0, len(missing), SEARCHED_TOGETHER):
            some = missing[start : start + SEARCHED_TOGETHER]
            found = find_limits(
                answers,
                some,
                [targets[text] for text in some],
                PROBABILITIES[bounded.probability],
                width=bounded.width,
            )
            self.store.keep(
                subject, kind, {items[text]: limits.to_dict() for text, limits in zip(some, found, strict=True)}
            )
            advance(LIMITS, [text.text for text in some])

    def _of_model(
        self,
        kind: str,
        measure: Callable[[Answers, Sequence[Encoded]], Sequence[Any]],
        texts: Sequence[Encoded],
        answers: Answers,
    ) -> Sequence[str]:
        """What no method has to do with."""
        subject = model_subject(self.classifier.identity, self.classifier.max_length)
        missing = self._missing(subject, kind, [text.text for text in texts])
        if missing:
            found = measure(answers, [text for text in texts if text.text in set(missing)])
            self.store.keep(subject, kind, dict(zip(map(name_of, missing), found, strict=True)))
        return missing

    def _point(self, explainer: Explainer, pairs: Sequence[Pair]) -> Sequence[Pair]:
        missing = self._missing(explainer.name, POINTING, pairs)
        if not missing:
            return ()
        shares: dict[Pair, list[float | None]] = {pair: [] for pair in missing}
        for index in sorted({index for pair in missing for index in pair.classes}):
            asked = [pair for pair in missing if index in pair.classes]
            records = explainer([pair.text for pair in asked], target=index)
            _require_logits(self.classifier, records)
            for pair, record in zip(asked, records, strict=True):
                shares[pair].append(None if record.failed else points(record, pair))
        self.store.keep(explainer.name, POINTING, {name_of(pair): shares[pair] for pair in missing})
        return missing

    def _missing(self, subject: str, kind: str, items: Sequence[Any]) -> list[Any]:
        known = self.store.known(subject, kind, map(name_of, items))
        return [item for item in items if name_of(item) not in known]


def _soft(
    classifier: Classifier,
    answers: Answers,
    texts: Sequence[Encoded],
    scores: Sequence[Sequence[float]],
    *,
    evidence: str,
    seed: int,
) -> list[Soft]:
    return soft_answers(classifier, texts, scores, evidence=evidence, seed=seed)


def _sets(answers: Answers, texts: Sequence[Encoded], *, seed: int) -> list[dict[str, Any]]:
    return [sets.to_dict() for sets in removed_sets(answers, texts, seed)]


def _require_logits(classifier: Classifier, records: Sequence[Attribution]) -> None:
    """A method may fail on a text; a model whose answer is no number has nothing to be scored.

    Raises:
        NotFiniteError: the logits of a text are not finite.
    """
    for record in records:
        require_finite_logits(classifier.name, record.text, record.logits)


def _brief(record: Attribution) -> dict[str, Any]:
    """What scores need of a record; the rest follows from the text and the explainer."""
    return {
        "scores": None if record.failed else record.scores,
        "failed": record.failed,
        "target": record.target.index,
        "forward": record.cost.forward,
        "backward": record.cost.backward,
        "seconds": record.cost.seconds,
        "completeness_error": record.completeness_error if record.additive and not record.failed else None,
    }
