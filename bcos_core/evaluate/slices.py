"""Slices of an evaluation: every score on some of its texts, from the values that it has kept. Nothing is measured
again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bcos_core.attribution.agreement import rank_agreement
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.between import is_raw
from bcos_core.evaluate.probability import PROBABILITIES
from bcos_core.evaluate.result import Contender, Evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.settled import explainer_subject
from bcos_core.evaluate.subjects import EXPLANATION, curves_kind, singles_kind, steps_kind
from bcos_core.model.identity import model_subject
from bcos_core.model.info import read_info, trained_on
from bcos_core.numbers import number, probability
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.tasks.estimates import bootstrap
from bcos_core.tasks.task_type import Gold
from bcos_core.text.examples import TaskData
from bcos_core.text.tasks import TaskChoice
from bcos_core.text.words import count_words, word_spans

SLICINGS = {
    "length": "By length: thirds of the texts, by their words",
    "class": "By class: the label that the data have",
    "confidence": "By confidence: thirds of the texts, by the model's probability of what is explained",
    "word": "By a word: texts that have it, and the others",
    "disagreement": "By disagreement: thirds of the texts, by how alike two methods rank their tokens",
}
"""Name → what it is, for a person."""

Items = Mapping[str, frozenset[str]]
Values = Mapping[str, float]
Group = tuple[str, frozenset[str]]
"""Items with a title."""


@dataclass(frozen=True)
class Slicing:
    """How texts are put apart: a name in `SLICINGS`, with the `word`, or the two `methods` that may disagree.

    Raises:
        InputError: no such name, or what belongs to it is missing.
        UnknownNameError: no such method.
    """

    kind: str
    word: str = ""
    methods: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in SLICINGS:
            raise InputError(f"There is no slice {self.kind!r}. Known: {', '.join(SLICINGS)}.")
        if (self.kind == "word") != bool(self.word.strip()):
            raise InputError("Slices by a word, and no others, name one: word:great.")
        if (self.kind == "disagreement") != (len(set(self.methods)) == 2):
            raise InputError("Slices by disagreement, and no others, name two methods: disagreement:bcos,occlusion.")
        for method in self.methods:
            METHODS[method]

    @classmethod
    def parse(cls, text: str) -> Slicing:
        """ "length", "class", "confidence", "word:great", "disagreement:bcos,occlusion".

        Raises:
            InputError: none of these.
        """
        kind, _, rest = text.strip().partition(":")
        if kind == "disagreement":
            return cls(kind, methods=tuple(name.strip() for name in rest.split(",") if name.strip()))
        if rest and kind != "word":
            raise InputError(f"Slices by {kind} name nothing more; {rest!r} was given.")
        return cls(kind, rest.strip())


@dataclass(frozen=True)
class Slice:
    """Some texts: their items by checkpoint, since which texts a model is sure of depends on the model. A checkpoint
    that is not there has no part in the slices."""

    title: str
    items: Items


def task_of(evaluation: Evaluation) -> TaskChoice:
    """The task whose test texts an evaluation has scored.

    Raises:
        InputError: it was that of a model's training, which cannot be read any more.
    """
    asked, folder = evaluation.spec["task"], Path(evaluation.spec["checkpoints"][0])
    if asked:
        return TaskChoice.from_dict(asked)
    if not folder.is_dir():
        raise InputError(
            f"The texts are those of {folder.name}, which is no longer there. Take it back from the trash, or evaluate "
            "another model."
        )
    return trained_on(read_info(folder))


def slices_of(evaluation: Evaluation, slicing: Slicing, task: TaskData, store: EvidenceStore) -> list[Slice]:
    """The slices of an evaluation of a `task`, empty ones left out.

    Raises:
        InputError: what they are made from was not measured, or the texts are not those of the task any more.
    """
    texts = {name_of(text): place for place, text in enumerate(task.test.texts)}
    items = {item for one in evaluation.contenders for values in one.values.values() for item in values}
    known = [item for item in sorted(items) if item in texts]
    if not known:
        raise InputError("None of the texts of this evaluation is in the data any more. Evaluate again.")
    text_of = {item: task.test.texts[texts[item]] for item in known}
    checkpoints = list(dict.fromkeys(one.checkpoint for one in evaluation.contenders))
    if slicing.kind == "length":
        counts = {item: float(count_words(text)) for item, text in text_of.items()}
        return _for_all(checkpoints, thirds(counts, "{} words", written=lambda value: f"{value:.0f}"))
    if slicing.kind == "class":
        golds = {item: task.test.labels[texts[item]] for item in known}
        return _for_all(checkpoints, _by_gold(golds, task.labels))
    if slicing.kind == "word":
        wanted = slicing.word.strip().lower()
        having = frozenset(item for item, text in text_of.items() if wanted in _words(text))
        quoted = f"“{slicing.word.strip()}”"
        others = frozenset(text_of) - having
        return _for_all(checkpoints, [(f"with {quoted}", having), (f"without {quoted}", others)])
    if slicing.kind == "confidence" and not task.task_type.discrete:
        raise InputError("A score has no probability, so there are no slices by confidence. Choose others.")
    measure = _confidence if slicing.kind == "confidence" else _agreement
    written, axis = (probability, "p {}") if slicing.kind == "confidence" else (number, "τ {}")
    if slicing.kind == "disagreement":
        checkpoints = _with_both(evaluation, slicing.methods)
    found: dict[str, dict[str, frozenset[str]]] = {}
    for checkpoint in checkpoints:
        groups = thirds(measure(evaluation, checkpoint, slicing, known, store), axis, written=written)
        for rank, (title, some) in zip(_ranks(len(groups)), groups, strict=True):
            # The ranges of two models differ: they are named by rank alone.
            named = rank if len(checkpoints) > 1 or title.startswith(rank) else f"{rank}: {title}"
            found.setdefault(named, {})[checkpoint] = some
    return [Slice(title, some) for title, some in found.items()]


def thirds(values: Values, axis: str, *, written: Callable[[float], str]) -> list[Group]:
    """Items by the thirds of their values, lowest first, named by the range ("12 to 17 words"), by their rank too where
    ranges read alike. Equal values are in one third, which may leave another one empty: it is left out."""
    if not values:
        return []
    low, high = np.quantile(list(values.values()), [1 / 3, 2 / 3], method="inverted_cdf")
    tests = (lambda value: value <= low, lambda value: low < value <= high, lambda value: value > high)
    groups = [{item: value for item, value in values.items() if test(value)} for test in tests]
    groups = [group for group in groups if group]
    ends = [(written(min(group.values())), written(max(group.values()))) for group in groups]
    titles = [axis.format(first if first == last else f"{first} to {last}") for first, last in ends]
    if len(set(titles)) < len(titles):
        titles = [f"{rank}: {title}" for rank, title in zip(_ranks(len(groups)), titles, strict=True)]
    return [(title, frozenset(group)) for title, group in zip(titles, groups, strict=True)]


def sliced_rows(evaluation: Evaluation, slices: Sequence[Slice], against: str | None = None) -> list[dict[str, Any]]:
    """One row for each slice, contender and score: the mean with its 95 % interval over the slice's texts, and the
    paired difference with the contender `against` on them, of a raw score only on one model.

    Raises:
        InputError: `against` is no contender.
    """
    base = evaluation.contender(against) if against else None
    rows = []
    for one in slices:
        for contender in evaluation.contenders:
            if contender.checkpoint not in one.items:
                continue
            items = one.items[contender.checkpoint]
            for score in evaluation.scores:
                if not is_of_texts(score):
                    continue
                values = _within(contender, score, items)
                gaps = []
                comparable = base is not None and (contender.checkpoint == base.checkpoint or not is_raw(score))
                if base is not None and base is not contender and comparable:
                    theirs = _within(base, score, items)
                    gaps = [value - theirs[item] for item, value in values.items() if item in theirs]
                rows.append(
                    {
                        "slice": one.title,
                        "checkpoint": contender.checkpoint,
                        "method": contender.method,
                        "score": score,
                        **asdict(bootstrap(list(values.values()))),
                        "difference": asdict(bootstrap(gaps)),
                    }
                )
    return rows


def is_of_texts(score: str) -> bool:
    """Whether a score has a value for each text: the pointing game has one for each pair of them."""
    return SCORES[score].evidence != "pointing"


def _within(contender: Contender, score: str, items: frozenset[str]) -> dict[str, float]:
    return {item: value for item, value in contender.values[score].items() if item in items}


def _for_all(checkpoints: Sequence[str], groups: Sequence[Group]) -> list[Slice]:
    return [Slice(title, dict.fromkeys(checkpoints, items)) for title, items in groups if items]


def _by_gold(golds: Mapping[str, Gold], labels: Sequence[str]) -> list[Group]:
    """Texts by their label, by each of several labels, or by the thirds of a score."""
    if all(isinstance(gold, float) for gold in golds.values()):
        scores = {item: gold for item, gold in golds.items() if isinstance(gold, float)}
        return thirds(scores, "score {}", written=number)
    found = [
        (
            label,
            frozenset(
                item for item, gold in golds.items() if (place in gold if isinstance(gold, tuple) else place == gold)
            ),
        )
        for place, label in enumerate(labels)
    ]
    return [*found, ("no label", frozenset(item for item, gold in golds.items() if gold == ()))]


def _words(text: str) -> set[str]:
    return {text[start:end].lower() for start, end in word_spans(text)}


def _ranks(count: int) -> tuple[str, ...]:
    """The names of so many groups, from the lowest."""
    return {1: ("all",), 2: ("lower part", "higher part"), 3: ("lowest third", "middle third", "highest third")}.get(
        count, ()
    )


def _confidence(
    evaluation: Evaluation, checkpoint: str, slicing: Slicing, items: Sequence[str], store: EvidenceStore
) -> dict[str, float]:
    """What the model's probability of the explained class is, from what was measured of the whole texts."""
    contender = next(one for one in evaluation.contenders if one.checkpoint == checkpoint)
    subject, p = _subject(contender), PROBABILITIES[evaluation.spec["probability"]]
    removal = evaluation.spec["removal"]
    targets = {item: found["target"] for item, found in store.find(subject, EXPLANATION, items).items()}
    length = _protocol(contender)["max_length"]
    model = model_subject(contender.identity, length)
    looked: tuple[tuple[str, str, Callable[[Any], Sequence[float]]], ...] = (
        (subject, curves_kind(removal), lambda found: found["whole"]),
        (subject, steps_kind(removal), lambda found: found["without"][0]),
        (model, singles_kind(removal), lambda found: found[0]),
    )
    for owner, kind, whole in looked:
        found = store.find(owner, kind, items)
        values = {item: p(whole(found[item]), targets[item]) for item in found if item in targets}
        if values:
            return values
    raise InputError(
        f"What {checkpoint} says of the whole texts was not kept with this evaluation. Slices by confidence come with "
        "comprehensiveness, sufficiency, their normalised forms, or agreement with leave-one-out."
    )


def _agreement(
    evaluation: Evaluation, checkpoint: str, slicing: Slicing, items: Sequence[str], store: EvidenceStore
) -> dict[str, float]:
    """Kendall's τ-b of two methods' scores of each text's tokens."""
    one, other = (
        store.find(_subject(evaluation.contender(f"{method}@{checkpoint}")), EXPLANATION, items)
        for method in slicing.methods
    )
    values = {
        item: rank_agreement(one[item]["scores"], other[item]["scores"])
        for item in one.keys() & other.keys()
        if not (one[item]["failed"] or other[item]["failed"])
    }
    known = {item: value for item, value in values.items() if value == value}
    if not known:
        raise InputError(f"On {checkpoint}, no text has scores of both methods any more. Evaluate again.")
    return known


def _with_both(evaluation: Evaluation, methods: Sequence[str]) -> list[str]:
    """The checkpoints that both methods were measured on: slices are of these alone."""
    ids = {one.id for one in evaluation.contenders}
    checkpoints = dict.fromkeys(one.checkpoint for one in evaluation.contenders)
    found = [name for name in checkpoints if all(f"{method}@{name}" in ids for method in methods)]
    if not found:
        titles = " and ".join(METHODS[method].title for method in methods)
        raise InputError(f"{titles} are not in this evaluation, both on one model. Choose two methods that are.")
    return found


def _subject(contender: Contender) -> str:
    """Under which the evidence of a contender is kept."""
    said = _protocol(contender)
    return explainer_subject(
        contender.identity,
        said["max_length"],
        METHODS[contender.method],
        reference=said["reference"],
        options=said["options"],
        seed=said["seed"],
    )


def _protocol(contender: Contender) -> Mapping[str, Any]:
    said = next(iter(contender.protocols.values()))
    if not contender.identity or not {"max_length", "reference", "options", "seed"} <= set(said):
        raise InputError("This evaluation does not say which files it was of. Evaluate again: known texts are kept.")
    return said
