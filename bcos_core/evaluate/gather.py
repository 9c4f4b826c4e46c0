"""Measuring what scores need, for one model: what is in the store already is not measured again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from bcos_core.attribution.record import Attribution
from bcos_core.evaluate.curves import leave_one_out, removal_curves
from bcos_core.evaluate.explainer import Explainer
from bcos_core.evaluate.plan import CURVES, SINGLES, part_of, pointing_part_of
from bcos_core.evaluate.pointing import Pair, points
from bcos_core.evaluate.removal import Removal
from bcos_core.evaluate.subjects import EXPLANATION, POINTING, curves_kind, singles_kind
from bcos_core.model.classifier import Classifier, require_finite_logits
from bcos_core.model.identity import model_subject
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.text.encoding import encode

# Texts that are explained and scored before anything is stored: what a killed job loses, and what memory holds. One
# batch of a method, so that smaller steps would cost time.
CHUNK = 16
# Of the first chunk: after so many texts it is known how long every part of the work takes on this model.
FIRST_CHUNK = 4

Item = TypeVar("Item")
Advance = Callable[[str, Sequence[Any]], None]
"""Is told of a part of the work which texts or pairs of it are done now, and were not there already."""


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """The portions in which texts or pairs are worked on."""
    if items:
        for start, end in pairwise([0, *range(FIRST_CHUNK, len(items), CHUNK), len(items)]):
            yield items[start:end]


@dataclass(frozen=True)
class Gatherer:
    """One model, its explainers, and how tokens are removed. Memory does not grow with the number of texts."""

    classifier: Classifier
    explainers: Sequence[Explainer]
    removal: Removal
    store: EvidenceStore

    def explanations(self, texts: Sequence[str], *, curves: bool, singles: bool, advance: Advance) -> None:
        """Scores of every explainer on every text; with `curves` and `singles`, what the model says of the text
        without its top tokens, and without each token alone. `advance` is told of every text, part by part."""
        for chunk in chunks(sorted(texts, key=len, reverse=True)):  # a chunk has texts of similar length
            for explainer in self.explainers:
                advance(part_of(explainer.method.name), self._explain(explainer, chunk))
            if curves:
                advance(CURVES, self._curves(chunk))
            if singles:
                advance(SINGLES, self._singles(chunk))

    def pairs(self, pairs: Sequence[Pair], advance: Advance) -> None:
        """The pointing game of every explainer on every pair, which may be longer than trained texts."""
        for chunk in chunks(pairs):
            for explainer in self.explainers:
                advance(pointing_part_of(explainer.method.name), self._point(explainer.unlimited, chunk))

    def _explain(self, explainer: Explainer, texts: Sequence[str]) -> Sequence[str]:
        """Those that were not known. So are the next three."""
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

    def _curves(self, texts: Sequence[str]) -> Sequence[str]:
        """Of all explainers at once: where they remove the same tokens, the model is asked once."""
        kind = curves_kind(self.removal.name)
        asked: list[str] = []
        wanted: list[tuple[Explainer, str, list[float]]] = []
        for explainer in self.explainers:
            missing = self._missing(explainer.name, kind, texts)
            asked += missing  # of a text that its method failed on, nothing is asked of the model
            known = self.store.find(explainer.name, EXPLANATION, map(name_of, missing))
            for text in missing:
                explanation = known[name_of(text)]
                if not explanation["failed"]:
                    wanted.append((explainer, text, explanation["scores"]))
        if not wanted:
            return asked
        encoded = dict(zip(texts, encode(self.classifier.tokenizer, texts, self.classifier.max_length), strict=True))
        found = removal_curves(
            self.classifier, [encoded[text] for _, text, _ in wanted], [row for _, _, row in wanted], self.removal
        )
        for explainer in self.explainers:
            self.store.keep(
                explainer.name,
                kind,
                {
                    name_of(text): curves.to_dict()
                    for (owner, text, _), curves in zip(wanted, found, strict=True)
                    if owner is explainer
                },
            )
        return asked

    def _singles(self, texts: Sequence[str]) -> Sequence[str]:
        subject = model_subject(self.classifier.identity, self.classifier.max_length)
        kind = singles_kind(self.removal.name)
        missing = self._missing(subject, kind, texts)
        if missing:
            encoded = encode(self.classifier.tokenizer, missing, self.classifier.max_length)
            found = leave_one_out(self.classifier, encoded, self.removal)
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
