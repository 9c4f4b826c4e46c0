"""Locking: a design becomes items with their records, which nothing changes any more."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Literal

from msgspec import Meta

from bcos_core.attribution.api import explain
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.registry import METHODS
from bcos_core.attribution.views import word_scores
from bcos_core.errors import InputError, StudyError
from bcos_core.model.classifier import Classifier
from bcos_core.numbers import probability
from bcos_core.progress import Reporter
from bcos_core.storage.plain import to_plain
from bcos_core.storage.stored_json import from_plain
from bcos_core.study.design import Condition, StudyDesign
from bcos_core.study.plan import PAIR
from bcos_core.study.protocol import Practised, Protocol
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.scoring import explanation_scores
from bcos_core.study.selection import Candidate, select_texts

CHUNK = 16
RANDOM = "random"  # stands for a condition in a check whose heatmap has random scores
CHANCE = "random"  # the method that gives them

Load = Callable[[str], Classifier]


@dataclass(frozen=True)
class LockedItem:
    """A text as it is shown. `kind` is "item", "practice", "instructed" or "random".

    `records` are the attribution records by condition id. `cell` is what it is shown as; an "item" has none, and gets
    one for each rater. `expected` has, for a check, the answers that pass, by
    question; `feedback` is what a practice item says after the answer. `scores` are
    automatic ones of the item's explanations, by condition id and score.
    """

    id: str
    kind: str
    text: str
    label: str | None
    records: Mapping[str, Attribution]
    cell: str = ""
    expected: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)
    feedback: str = ""
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def shown(self, cell: str) -> list[Attribution]:
        """The records of a cell: one, or the left and the right one."""
        return [self.records[id] for id in cell.split(PAIR)]

    def predicted(self, cell: str) -> str:
        """The class that the model of a cell predicts; of a pair, that of the left one."""
        record = self.shown(cell)[0]
        return record.labels[record.predicted]


@dataclass(frozen=True)
class LockedStudy:
    """Everything that raters will see, with the models' hashes by checkpoint folder."""

    design: StudyDesign
    items: tuple[LockedItem, ...]
    classes: tuple[str, ...]
    weights: Mapping[str, str]

    @property
    def hash(self) -> str:
        """SHA-256 of all of it, as it is stored."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def of_kind(self, kind: str) -> tuple[LockedItem, ...]:
        return tuple(item for item in self.items if item.kind == kind)

    def item(self, id: str) -> LockedItem:
        return next(item for item in self.items if item.id == id)

    def to_dict(self) -> dict[str, Any]:
        items = [
            {**asdict(item), "records": {id: record.to_dict() for id, record in item.records.items()}}
            for item in self.items
        ]
        plain: dict[str, Any] = to_plain(
            {
                "design": self.design.to_dict(),
                "items": items,
                "classes": list(self.classes),
                "weights": dict(self.weights),
            }
        )
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LockedStudy:
        """The study that `to_dict` wrote.

        Raises:
            InputError: it is not one, or not whole.
        """
        stored = from_plain(data, _Stored, error=StudyError, what="What was locked", advice=_ADVICE)
        items = tuple(
            LockedItem(
                **{**vars(item), "records": {id: Attribution.from_dict(one) for id, one in item.records.items()}}
            )
            for item in stored.items
        )
        return cls(stored.design, items, stored.classes, stored.weights)


_ADVICE = "Restore the database from a backup, or make a new study."


@dataclass(frozen=True)
class _StoredItem:
    id: str
    kind: Literal["item", "practice", "instructed", "random"]
    text: str
    label: str | None
    records: dict[str, dict[str, Any]]
    cell: str
    expected: dict[str, tuple[int | str, ...]]
    feedback: str
    scores: dict[str, dict[str, int | float]]


@dataclass(frozen=True)
class _Stored:
    """A locked study as JSON holds it, and what its parts must have in common."""

    design: StudyDesign
    items: Annotated[tuple[_StoredItem, ...], Meta(min_length=1)]
    classes: tuple[str, ...]
    weights: dict[str, str]

    def __post_init__(self) -> None:
        if missing := set(self.design.checkpoints) - set(self.weights):
            raise ValueError(f"it has no hash of {', '.join(sorted(missing))}")
        conditions = {condition.id for condition in self.design.conditions}
        for item in self.items:
            shown = conditions if item.kind == "item" else set(item.cell.split(PAIR))
            if missing := shown - set(item.records):
                raise ValueError(f"{item.id} has no record of {', '.join(sorted(missing)) or 'what it shows'}")


def lock(design: StudyDesign, candidates: Sequence[Candidate], load: Load, reporter: Reporter) -> LockedStudy:
    """Choose the texts, and explain each under every condition: the class that the condition's own model predicts.

    `load` gives the classifier of a checkpoint folder.

    Raises:
        InputError: models with different classes, a method that a model cannot serve, or one whose scores are not
            numbers.
        DataError: too few texts.
        JobCancelled: from the reporter.
    """
    classifiers = {path: load(path) for path in design.checkpoints}
    classes = _shared_classes(classifiers)
    for condition in design.conditions:
        classifier = classifiers[condition.checkpoint]
        if condition.method and (reason := METHODS[condition.method].unsupported(is_bcos=classifier.is_bcos)):
            raise InputError(f"{condition.title}: {reason}")
    texts = select_texts(candidates, design.source, extra=design.practice + design.random)
    explained: dict[str, list[Attribution]] = {}
    for place, condition in enumerate(design.conditions):
        explained[condition.id] = []
        for start in range(0, len(texts), CHUNK):
            chunk = [candidate.text for candidate in texts[start : start + CHUNK]]
            explained[condition.id] += _explain(condition, classifiers[condition.checkpoint], chunk)
            reporter.progress(place + len(explained[condition.id]) / len(texts), len(design.conditions))
    _refuse_failed(design, explained)
    scores = _scores(design, explained, classifiers)
    kinds = ["item"] * design.source.count + ["practice"] * design.practice + ["random"] * design.random
    items = [
        _item(design, kind, place, candidate, {id: found[place] for id, found in explained.items()}, classifiers)
        for place, (kind, candidate) in enumerate(zip(kinds, texts, strict=True))
    ]
    items = [
        replace(item, scores={id: found[place] for id, found in scores.items()}) if item.kind == "item" else item
        for place, item in enumerate(items)
    ]
    items += [_instructed(design, number, classifiers, classes) for number in range(design.instructed)]
    return LockedStudy(design, tuple(items), classes, {path: c.weights_hash for path, c in classifiers.items()})


def _shared_classes(classifiers: Mapping[str, Classifier]) -> tuple[str, ...]:
    found = {classifier.labels for classifier in classifiers.values()}
    if len(found) > 1:
        listed = "; ".join(f"{c.name}: {', '.join(c.labels)}" for c in classifiers.values())
        raise InputError(f"The models of a study must have the same classes. These have {listed}.")
    return next(iter(found))


def _explain(condition: Condition, classifier: Classifier, texts: Sequence[str]) -> list[Attribution]:
    if not condition.method:
        return [_without_scores(record) for record in explain(classifier, texts, method=CHANCE)]
    return explain(
        classifier,
        texts,
        method=condition.method,
        reference=condition.reference,
        seed=condition.seed,
        **condition.options,
    )


def _without_scores(record: Attribution) -> Attribution:
    """What the model answers, and nothing about why."""
    return replace(record, scores=(0.0,) * len(record.scores))


def _scores(
    design: StudyDesign, explained: Mapping[str, Sequence[Attribution]], classifiers: Mapping[str, Classifier]
) -> dict[str, list[dict[str, float]]]:
    """Automatic scores of every explanation that is one, by condition."""
    return {
        condition.id: explanation_scores(classifiers[condition.checkpoint], explained[condition.id])
        for condition in design.conditions
        if condition.method
    }


def _refuse_failed(design: StudyDesign, explained: Mapping[str, Sequence[Attribution]]) -> None:
    for id, records in explained.items():
        failed = [record for record in records if record.failed]
        if failed:
            raise InputError(
                f"{design.condition(id).title} gave scores that are not numbers for {len(failed)} of {len(records)} "
                f"texts, the first: “{failed[0].text[:80]}”. Leave the condition out, or choose other texts."
            )


def _item(
    design: StudyDesign,
    kind: str,
    place: int,
    candidate: Candidate,
    records: dict[str, Attribution],
    classifiers: Mapping[str, Classifier],
) -> LockedItem:
    item = LockedItem(f"{kind}-{place + 1}", kind, candidate.text, candidate.label, records)
    protocol = PROTOCOLS[design.protocol]
    if kind == "practice":
        cell = design.cells[place % len(design.cells)]
        return replace(item, cell=cell, feedback=_feedback(protocol, item, cell))
    if kind == "random" and protocol.random_check is not None:
        first = design.conditions[0]
        chance = explain(classifiers[first.checkpoint], candidate.text, method=CHANCE, seed=place)
        pair = [RANDOM, first.id] if place % 2 else [first.id, RANDOM]
        side = "left" if place % 2 else "right"
        expected = {question.name: protocol.random_check(question, side) for question in design.questions}
        cell = RANDOM if protocol.heatmaps == 1 else PAIR.join(pair)
        return replace(item, records={**records, RANDOM: chance}, cell=cell, expected=expected)
    return item


def _feedback(protocol: Protocol, item: LockedItem, cell: str) -> str:
    """What a practice item teaches."""
    record = item.shown(cell)[0]
    predicted = item.predicted(cell)
    words = sorted(word_scores(record), key=lambda word: -word.score)[:2]
    heaviest = tuple(word.text for word in words if word.score > 0)
    certainty = probability(record.probabilities[record.predicted])
    said = f"The model answered “{predicted}”, with a probability of {certainty}."
    return f"{said} {protocol.feedback(Practised(predicted, item.label, heaviest))}"


def _instructed(
    design: StudyDesign, number: int, classifiers: Mapping[str, Classifier], classes: Sequence[str]
) -> LockedItem:
    """A check whose text says what to answer."""
    expected: dict[str, tuple[int | str, ...]] = {}
    wishes = []
    for question in design.questions:
        shown = list(question.shown(classes).items())
        value, label = shown[(design.seed + number) % len(shown)]
        expected[question.name] = (value,)
        wishes.append(f"“{label}”")
    wanted = wishes[0] if len(set(wishes)) == 1 else " and then ".join(wishes)
    text = f"This is a check that texts are read, not a text like the others. Please answer {wanted} here."
    records = {
        condition.id: _without_scores(explain(classifiers[condition.checkpoint], text, method=CHANCE))
        for condition in design.conditions
    }
    return LockedItem(
        f"instructed-{number + 1}",
        "instructed",
        text,
        None,
        records,
        design.cells[number % len(design.cells)],
        expected,
    )
