"""Locking: a design becomes items with their records, which nothing changes any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bcos_core.attribution.aggregation import word_scores
from bcos_core.attribution.api import explain
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.registry import CHANCE, METHODS
from bcos_core.errors import InputError
from bcos_core.model.classifier import Classifier
from bcos_core.numbers import probability
from bcos_core.progress import Reporter, Tally
from bcos_core.study.design import Condition, StudyDesign
from bcos_core.study.lock_plan import SCORING
from bcos_core.study.locked import LockedItem, LockedStudy
from bcos_core.study.plan import PAIR
from bcos_core.study.protocol import Practised, Protocol
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.scoring import explanation_scores
from bcos_core.study.selection import Candidate, select_texts
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.pair import pair as pair_of

CHUNK = 16
RANDOM = "random"  # stands for a condition in a check whose heatmap has random scores

Load = Callable[[str], Classifier]


def lock(
    design: StudyDesign, candidates: Sequence[Candidate], load: Load, reporter: Reporter, *, only: int | None = None
) -> LockedStudy:
    """Choose the texts, and explain each under every condition: the class that the condition's own model predicts;
    where that is no answer by itself, the one output about which the first condition's model says most.

    `load` gives the classifier of a checkpoint folder. For a look at a draft, `only` so many of the items that count
    are explained, the first ones, and none is scored.

    Raises:
        InputError: models of another type than the design says or with different outputs, a method that a model cannot
            serve, or one whose scores are not numbers.
        DataError: too few texts.
        JobCancelled: from the reporter.
    """
    classifiers = {path: load(path) for path in design.checkpoints}
    classes = _shared_outputs(design, classifiers)
    for condition in design.conditions:
        classifier = classifiers[condition.checkpoint]
        if condition.method and (
            reason := METHODS[condition.method].unsupported(
                is_bcos=classifier.is_bcos, family=classifier.family, answers=classifier.task_type.name
            )
        ):
            raise InputError(f"{condition.title}: {reason}")
    chosen = _chosen(design, candidates, only)
    texts = [candidate for _, _, candidate in chosen]
    explained: dict[str, list[Attribution]] = {}
    targets: list[int | None] = [None] * len(texts)
    for condition in design.conditions:
        explained[condition.id] = []
        tally = Tally(reporter, len(texts), condition.id)
        for start in range(0, len(texts), CHUNK):
            chunk = [candidate.text for candidate in texts[start : start + CHUNK]]
            explained[condition.id] += _explain(
                condition, classifiers[condition.checkpoint], chunk, targets[start : start + CHUNK]
            )
            tally.add(len(chunk))
        if not TASK_TYPES[design.task_type].target_tells:
            targets = [record.target.index for record in explained[design.conditions[0].id]]
    _refuse_failed(design, explained)
    items = [
        _item(design, kind, number, candidate, {id: found[place] for id, found in explained.items()}, classifiers)
        for place, (kind, number, candidate) in enumerate(chosen)
    ]
    scores = _scores(design, explained, classifiers, reporter) if only is None else {}
    items = [
        replace(item, scores={id: found[place] for id, found in scores.items()}) if item.kind == "item" else item
        for place, item in enumerate(items)
    ]
    items += [_instructed(design, number, classifiers) for number in range(design.instructed)]
    return LockedStudy(design, tuple(items), classes, {path: c.weights_hash for path, c in classifiers.items()})


def _chosen(design: StudyDesign, candidates: Sequence[Candidate], only: int | None) -> list[tuple[str, int, Candidate]]:
    """Kind, number from 0 and text of everything that is explained: the items that count first."""
    texts = select_texts(candidates, design.source, extra=design.practice + design.random)
    kinds = ["item"] * design.source.count + ["practice"] * design.practice + ["random"] * design.random
    everything = [(kind, number, text) for number, (kind, text) in enumerate(zip(kinds, texts, strict=True))]
    return [one for one in everything if one[0] != "item" or only is None or one[1] < only]


def _shared_outputs(design: StudyDesign, classifiers: Mapping[str, Classifier]) -> tuple[str, ...]:
    for classifier in classifiers.values():
        if classifier.task_type.name != design.task_type:
            raise InputError(
                f"{classifier.name} answers with {classifier.task_type.title.lower()}; this study was drawn up for "
                f"models that answer with {TASK_TYPES[design.task_type].title.lower()}. Choose such models, or draw up "
                "a study for this one."
            )
    found = {classifier.labels for classifier in classifiers.values()}
    if len(found) > 1:
        listed = "; ".join(f"{c.name}: {', '.join(c.labels)}" for c in classifiers.values())
        outputs = TASK_TYPES[design.task_type].outputs
        raise InputError(f"The models of a study must have the same {outputs}. These have {listed}.")
    return next(iter(found))


def _explain(
    condition: Condition, classifier: Classifier, texts: Sequence[str], targets: Sequence[int | None]
) -> list[Attribution]:
    """Each text and its target; without one, what is predicted."""
    found: dict[int, Attribution] = {}
    for target in dict.fromkeys(targets):
        places = [place for place, one in enumerate(targets) if one == target]
        records = _explain_one(condition, classifier, [texts[place] for place in places], target)
        found |= dict(zip(places, records, strict=True))
    return [found[place] for place in range(len(texts))]


def _explain_one(
    condition: Condition, classifier: Classifier, texts: Sequence[str], target: int | None
) -> list[Attribution]:
    if not condition.method:
        return [_without_scores(record) for record in explain(classifier, texts, method=CHANCE, target=target)]
    return explain(
        classifier,
        texts,
        method=condition.method,
        target=target,
        reference=condition.reference,
        seed=condition.seed,
        **condition.options,
    )


def _without_scores(record: Attribution) -> Attribution:
    """What the model answers, and nothing about why."""
    return replace(record, scores=(0.0,) * len(record.scores))


def _scores(
    design: StudyDesign,
    explained: Mapping[str, Sequence[Attribution]],
    classifiers: Mapping[str, Classifier],
    reporter: Reporter,
) -> dict[str, list[dict[str, float]]]:
    """Automatic scores of every explanation that is one, by condition."""
    scored = [condition for condition in design.conditions if condition.method]
    tally = Tally(reporter, len(scored), SCORING)
    found = {}
    for condition in scored:
        found[condition.id] = explanation_scores(classifiers[condition.checkpoint], explained[condition.id])
        tally.add(1)
    return found


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
        sides = protocol.sides_of(design.heatmaps)
        # Never the same place twice in a row; of two, the right one first.
        stands = (place + 1) % len(sides)
        others = iter(condition.id for condition in design.conditions)
        cell = PAIR.join(RANDOM if at == stands else next(others) for at in range(len(sides)))
        side = sides[stands]
        expected = {question.name: protocol.random_check(question, side) for question in design.questions}
        return replace(item, records={**records, RANDOM: chance}, cell=cell, expected=expected)
    return item


def _feedback(protocol: Protocol, item: LockedItem, cell: str) -> str:
    """What a practice item teaches."""
    record = item.shown(cell)[0]
    said = item.said(cell)
    words = sorted(word_scores(record), key=lambda word: -word.score)[:2]
    heaviest = tuple(word.text for word in words if word.score > 0)
    sure = "" if said.probability is None else f", with a probability of {probability(said.probability)}"
    told = protocol.feedback(Practised(item.label, item.is_right(cell), heaviest))
    return f"The model answered “{said.words}”{sure}. {told}"


def _instructed(design: StudyDesign, number: int, classifiers: Mapping[str, Classifier]) -> LockedItem:
    """A check whose text says what to answer."""
    guesses = TASK_TYPES[design.task_type].guesses(classifiers[design.checkpoints[0]].labels)
    expected: dict[str, tuple[int | str, ...]] = {}
    wishes = []
    picks = PROTOCOLS[design.protocol].picks  # whose questions have the same answers, each of which can be given once
    for place, question in enumerate(design.questions):
        shown = list(question.shown(guesses).items())
        value, label = shown[(design.seed + number + place * picks) % len(shown)]
        expected[question.name] = (value,)
        wishes.append(f"“{label}”")
    wanted = wishes[0] if len(set(wishes)) == 1 else " and then ".join(wishes)
    said, asked = "This is a check that texts are read, not a text like the others.", f"Please answer {wanted} here."
    reads_pairs = any(classifier.pairs for classifier in classifiers.values())
    text = pair_of(said, asked) if reads_pairs else f"{said} {asked}"
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
