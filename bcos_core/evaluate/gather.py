"""Measuring what scores need, for one model: what is in the store already is not measured again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bcos_core.attribution.record import Attribution
from bcos_core.evaluate.curves import leave_one_out, removal_curves
from bcos_core.evaluate.explainer import Explainer
from bcos_core.evaluate.plan import CURVES, SINGLES, part_of, pointing_part_of
from bcos_core.evaluate.pointing import Pair, points
from bcos_core.evaluate.removal import Removal
from bcos_core.model.classifier import Classifier, require_finite_logits
from bcos_core.model.identity import model_subject
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.text.encoding import encode

# Texts that are explained and scored before anything is stored: what a killed job loses, and what memory holds.
CHUNK = 32

Advance = Callable[[str, int, int], None]
"""Is told of a part of the work, how many of its units are done, and how many of these were there already."""


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
        ordered = sorted(texts, key=len, reverse=True)  # a chunk has texts of similar length
        for start in range(0, len(ordered), CHUNK):
            chunk = ordered[start : start + CHUNK]
            for explainer in self.explainers:
                new = self._explain(explainer, chunk)
                advance(part_of(explainer.method.name), len(chunk), len(chunk) - new)
            if curves:
                new = self._curves(chunk)
                all_of_it = len(chunk) * len(self.explainers)
                advance(CURVES, all_of_it, all_of_it - new)
            if singles:
                new = self._singles(chunk)
                advance(SINGLES, len(chunk), len(chunk) - new)

    def pairs(self, pairs: Sequence[Pair], advance: Advance) -> None:
        """The pointing game of every explainer on every pair, which may be longer than trained texts."""
        for start in range(0, len(pairs), CHUNK):
            chunk = pairs[start : start + CHUNK]
            for explainer in self.explainers:
                new = self._point(explainer.unlimited, chunk)
                advance(pointing_part_of(explainer.method.name), len(chunk), len(chunk) - new)

    def _explain(self, explainer: Explainer, texts: Sequence[str]) -> int:
        """How many were not known. So are the next three."""
        missing = self._missing(explainer.name, "explanation", texts)
        if missing:
            records = explainer(missing)
            _require_logits(self.classifier, records)
            self.store.keep(
                explainer.name,
                "explanation",
                {name_of(text): _brief(record) for text, record in zip(missing, records, strict=True)},
            )
        return len(missing)

    def _curves(self, texts: Sequence[str]) -> int:
        """Of all explainers at once: where they remove the same tokens, the model is asked once."""
        kind = f"curves:{self.removal.name}"
        wanted: list[tuple[Explainer, str, list[float]]] = []
        for explainer in self.explainers:
            missing = self._missing(explainer.name, kind, texts)
            known = self.store.find(explainer.name, "explanation", map(name_of, missing))
            for text in missing:
                explanation = known[name_of(text)]
                if not explanation["failed"]:
                    wanted.append((explainer, text, explanation["scores"]))
        if not wanted:
            return 0
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
        return len(wanted)

    def _singles(self, texts: Sequence[str]) -> int:
        kind = f"leave_one_out:{self.removal.name}"
        subject = model_subject(self.classifier.identity, self.classifier.max_length)
        missing = self._missing(subject, kind, texts)
        if missing:
            encoded = encode(self.classifier.tokenizer, missing, self.classifier.max_length)
            found = leave_one_out(self.classifier, encoded, self.removal)
            self.store.keep(subject, kind, dict(zip(map(name_of, missing), found, strict=True)))
        return len(missing)

    def _point(self, explainer: Explainer, pairs: Sequence[Pair]) -> int:
        missing = self._missing(explainer.name, "pointing", pairs)
        if not missing:
            return 0
        shares: dict[Pair, list[float | None]] = {pair: [] for pair in missing}
        for index in sorted({index for pair in missing for index in pair.classes}):
            asked = [pair for pair in missing if index in pair.classes]
            records = explainer([pair.text for pair in asked], target=index)
            _require_logits(self.classifier, records)
            for pair, record in zip(asked, records, strict=True):
                shares[pair].append(None if record.failed else points(record, pair))
        self.store.keep(explainer.name, "pointing", {name_of(pair): shares[pair] for pair in missing})
        return len(missing)

    def _missing(self, subject: str, kind: str, items: Sequence[Any]) -> list[Any]:
        known = self.store.find(subject, kind, map(name_of, items))
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
