"""Heatmaps of many texts under many conditions, word by word; what is in the store already is not computed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bcos_core.attribution.aggregation import word_scores
from bcos_core.attribution.record import Attribution
from bcos_core.evaluate.explainer import Explainer
from bcos_core.model.classifier import Classifier
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.text.pair import SEPARATOR, is_pair, texts_of
from bcos_core.text.words import Span

CHUNK = 16
"""Texts that are explained together before anything is stored: what a killed job loses."""


@dataclass(frozen=True)
class Question:
    """A text, and the output that is explained."""

    text: str
    target: int

    @property
    def item(self) -> str:
        """Its name as evidence."""
        return name_of([self.text, self.target])


Heatmap = Mapping[Span, float]
"""The score of each word that the model read, by its place in the text."""


@dataclass(frozen=True)
class Condition:
    """Under which a text is explained. `name` is that of its evidence; `prepare` makes the model that answers of the
    loaded one; a stochastic method draws from the seed + `shift`. `company`: whether texts are explained together,
    alone, or beside a long one."""

    name: str
    prepare: Callable[[Classifier], Classifier] = lambda given: given
    shift: int = 0
    company: Literal["together", "alone", "beside a long one"] = "together"

    def kind(self, explainer: Explainer) -> str:
        """Of its evidence, under the subject of the explainer with the seed 0, which every list of a model's subjects
        has."""
        seed = f":{explainer.seed + self.shift}" if explainer.method.stochastic else ""
        return f"trust:{self.name}{seed}"


PLAIN, EDITED = Condition("plain"), Condition("edited")
"""The texts as they are, and their edited copies: apart, so that the texts are in the same batches another time."""


@dataclass(frozen=True)
class Gallery:
    """The heatmaps that one store has."""

    store: EvidenceStore

    def missing(self, explainer: Explainer, condition: Condition, asked: Sequence[Question]) -> list[Question]:
        """Those that nobody has answered yet, each once."""
        known = self.store.known(_subject(explainer), condition.kind(explainer), [one.item for one in asked])
        return [one for one in dict.fromkeys(asked) if one.item not in known]

    def fill(
        self,
        asked: Sequence[tuple[Explainer, Sequence[Question]]],
        condition: Condition,
        done: Callable[[str, int], None],
    ) -> None:
        """Explain what is missing, by explainers of one model; `done` is told of a method how many texts more are
        finished."""
        missing = [(one, self.missing(one, condition, questions)) for one, questions in asked]
        if not any(questions for _, questions in missing):
            return
        answering = condition.prepare(asked[0][0].classifier)
        for explainer, questions in missing:
            method = replace(explainer, classifier=answering, seed=explainer.seed + condition.shift)
            for chunk in _chunks(questions):
                records = _records(method, [one.text for one in chunk], chunk[0].target, condition.company)
                values = {one.item: _stored(record) for one, record in zip(chunk, records, strict=True)}
                self.store.keep(_subject(explainer), condition.kind(explainer), values)
                done(explainer.method.name, len(chunk))

    def find(self, explainer: Explainer, condition: Condition, asked: Sequence[Question]) -> list[Heatmap | None]:
        """What is known, in the order of the questions; None where the method gave no numbers, or nobody asked."""
        items = dict.fromkeys(one.item for one in asked)
        found: dict[str, Any] = self.store.find(_subject(explainer), condition.kind(explainer), items)
        return [_heatmap(found.get(one.item)) for one in asked]


def _subject(explainer: Explainer) -> str:
    return replace(explainer, seed=0).name


def _chunks(asked: Sequence[Question]) -> Iterator[Sequence[Question]]:
    """Of one target each, texts of similar length together, the longest first."""
    for target in sorted({one.target for one in asked}):
        some = sorted((one for one in asked if one.target == target), key=lambda one: -len(one.text))
        for start in range(0, len(some), CHUNK):
            yield some[start : start + CHUNK]


def _records(explainer: Explainer, texts: Sequence[str], target: int, company: str) -> list[Attribution]:
    if company == "alone":
        return [record for text in texts for record in explainer([text], target)]
    if company == "beside a long one":
        long = longer(texts[0])
        found: list[Attribution] = []
        for start in range(0, len(texts), CHUNK - 1):  # one batch of a method each
            found += explainer([*texts[start : start + CHUNK - 1], long], target)[:-1]
        return found
    return list(explainer(texts, target))


def longer(text: str) -> str:
    """A text of twice the length, of a pair both of its texts."""
    if is_pair(text):
        return SEPARATOR.join(f"{half} {half}" for half in texts_of(text))
    return f"{text} {text}"


def _stored(record: Attribution) -> list[list[float]] | None:
    if record.failed:
        return None
    return [[word.start, word.end, word.score] for word in word_scores(record) if word.read]


def _heatmap(stored: Sequence[Sequence[float]] | None) -> Heatmap | None:
    return None if stored is None else {(int(start), int(end)): score for start, end, score in stored}
