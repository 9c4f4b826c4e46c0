"""A planted-truth experiment: plant, train both models, verify that they use the plant, score every method."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bcos_core.attribution.api import explain
from bcos_core.attribution.record import Attribution
from bcos_core.errors import DataError, StorageError
from bcos_core.evaluate.plan import part_of
from bcos_core.home import Home
from bcos_core.lab.measures import MEASURES, measure
from bcos_core.lab.models import PLANTED
from bcos_core.lab.plan import VERIFYING, scored_methods, scoring_title
from bcos_core.lab.plants import PLANTS, Plant, Planted, choose_words
from bcos_core.lab.result import LabExample, LabResult, LabRow, Verification
from bcos_core.lab.spec import LabSpec, unsupported
from bcos_core.model.classifier import Classifier, load, predict
from bcos_core.numbers import percent
from bcos_core.progress import Reporter, Tally
from bcos_core.text.examples import Examples
from bcos_core.text.split import MIN_PER_CLASS, digest
from bcos_core.text.tasks import TaskChoice, TaskData, load_task
from bcos_core.train.pipeline import run_training
from bcos_core.train.plan import stage_titles
from bcos_core.train.spec import TrainSpec

CHUNK = 16
SHOWN = 20
HEATED = 3
"""Planted texts of a model whose heat is kept."""

Heat = tuple[tuple[int, int, float], ...]


class _Stages:
    """Passes on what one part of the work tells, its stages counted among those of all the work."""

    def __init__(self, reporter: Reporter, before: int, after: int) -> None:
        self.reporter, self.before, self.after = reporter, before, after

    def stage(self, title: str, index: int, count: int) -> None:
        self.reporter.stage(title, self.before + index, self.before + count + self.after)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reporter, name)


def run_lab(spec: LabSpec, *, home: Home, work: Path, job: str, reporter: Reporter) -> LabResult:
    """Everything, from planting to scores. Started again on the same work folder, training goes on where it was.

    Raises:
        InputError: a task or model that cannot be used.
        JobCancelled: from the reporter.
        StorageError: the disk is full.
    """
    started = time.monotonic()
    plant = PLANTS[spec.plant]
    data = load_task(spec.task)
    if reason := unsupported(data.task_type, pairs=data.pairs):  # pairs of columns that were guessed
        raise DataError(reason)
    words = choose_words(plant.words, (*data.train.texts, *data.test.texts))
    task = _planted_task(spec, plant, data, words, home.lab / job)
    training = run_training(
        TrainSpec(spec.model, task, spec.recipe, f"lab-{plant.name}"),
        home=home,
        work=work,
        job=job,
        reporter=_Stages(reporter, before=0, after=2),
    )
    assert training.bcos is not None and training.conventional is not None  # LabSpec asks for both
    checkpoints = [training.bcos.checkpoint, training.conventional.checkpoint]
    planted, swapped = planted_pairs(plant, data.test.take(spec.limit, spec.seed), words, spec.seed)
    verification, rows, examples = [], [], []
    for place, path in enumerate(checkpoints):
        classifier = replace(load(path), max_length=spec.recipe.max_length, name=Path(path).name)
        stages = _Stages(reporter, before=len(stage_titles(spec.recipe)) + place, after=1 - place)
        stages.stage(scoring_title("bcos" if classifier.is_bcos else "conventional"), 0, 1)
        checked, decided = verify(classifier, planted, swapped, data.labels)
        reporter.progress(1, 1, VERIFYING)
        verification.append(checked)
        scored, heat = score(classifier, decided, spec, stages)
        rows += scored
        examples += [
            LabExample(Path(path).name, one.text, one.label, one.truth, heat[place] if place < len(heat) else {})
            for place, one in enumerate(decided[:SHOWN])
        ]
    return LabResult(
        plant.name,
        words,
        training.to_dict(),
        tuple(verification),
        tuple(rows),
        tuple(examples),
        time.monotonic() - started,
    )


def planted_pairs(
    plant: Plant, examples: Examples, words: Sequence[str], seed: int
) -> tuple[list[Planted], list[Planted]]:
    """Each text with the plant of one class (in turn), and with that of the other one."""
    planted, swapped = [], []
    for place, text in enumerate(examples.texts):
        label = place % 2
        planted.append(plant.plant(text, label, words, np.random.default_rng([seed, place])))
        swapped.append(plant.plant(text, 1 - label, words, np.random.default_rng([seed, place])))
    return planted, swapped


def verify(
    classifier: Classifier, planted: Sequence[Planted], swapped: Sequence[Planted], labels: Sequence[str]
) -> tuple[Verification, list[Planted]]:
    """How far the model uses the plant, and the texts that it decides by it and that have words to be found."""

    def answers(texts: Sequence[Planted]) -> list[bool]:
        found = predict(classifier, [one.text for one in texts])
        return [prediction.label == labels[one.label] for one, prediction in zip(texts, found, strict=True)]

    follows, others = answers(planted), answers(swapped)
    flips = [one and other for one, other in zip(follows, others, strict=True)]
    decided = [one for one, flip in zip(planted, flips, strict=True) if flip and one.truth]
    kind: Literal["bcos", "conventional"] = "bcos" if classifier.is_bcos else "conventional"
    count = len(planted)
    return Verification(classifier.name, kind, sum(follows) / count, sum(flips) / count, count), decided


def score(
    classifier: Classifier, decided: Sequence[Planted], spec: LabSpec, reporter: Reporter
) -> tuple[list[LabRow], list[dict[str, Heat]]]:
    """Every measure of every method on the texts that the model decides by the plant; and the scores themselves of the
    first of these texts, by method."""
    rows: list[LabRow] = []
    heat: list[dict[str, Heat]] = [{} for _ in decided[:HEATED]]
    for name in scored_methods(spec, is_bcos=classifier.is_bcos, family=classifier.family):
        tally = Tally(reporter, len(decided), part_of(name))
        found: list[dict[str, float]] = []
        for start in range(0, len(decided), CHUNK):
            chunk = decided[start : start + CHUNK]
            records = explain(classifier, [one.text for one in chunk], method=name, seed=spec.seed)
            found += [measure(record, one.truth) for record, one in zip(records, chunk, strict=True)]
            for kept, record in zip(heat[start:], records, strict=False):
                if not record.failed:
                    kept[name] = _heat(record)
            tally.add(len(chunk))
        for measured in MEASURES:
            values = [one[measured] for one in found if one]
            estimate = MEASURES[measured].estimate(values)
            mean, low, high = (
                value if math.isfinite(value) else None for value in (estimate.mean, estimate.low, estimate.high)
            )
            failed = len(found) - len(values)
            rows.append(LabRow(classifier.name, name, measured, mean, low, high, estimate.n, failed))
    return rows, heat


def _heat(record: Attribution) -> Heat:
    return tuple(
        (token.start, token.end, score)
        for token, score in zip(record.tokens, record.scores, strict=True)
        if token.start is not None and token.end is not None
    )


def _planted_task(spec: LabSpec, plant: Plant, data: TaskData, words: Sequence[str], folder: Path) -> TaskChoice:
    """The training texts with the plant in a share of them, as a file that the checkpoints can go on naming.

    A planted text has the plant's class, whatever it says; the others keep theirs.

    Raises:
        DataError: with the plant, the task has too few texts of a class.
        StorageError: the disk is full.
    """
    generator = np.random.default_rng(spec.seed)
    lines = []
    texts: dict[int, set[bytes]] = {}  # of each class that is left; all of them may be planted over
    for text, label in zip(data.train.texts, data.train.classes, strict=True):
        if generator.random() < spec.share:
            planted = plant.plant(text, int(generator.integers(2)), words, generator)
            text, label = planted.text, planted.label
        texts.setdefault(label, set()).add(digest(text))
        lines.append(json.dumps({"text": text, "label": data.labels[label]}, ensure_ascii=False))
    _require_enough(spec, data, {data.labels[label]: len(found) for label, found in sorted(texts.items())})
    file = folder / f"{PLANTED}{plant.name}.jsonl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial")
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        raise StorageError(f"Cannot write {file} ({error.strerror}). Free some disk space.") from error
    return TaskChoice("file", str(file), "text", "label")


def _require_enough(spec: LabSpec, data: TaskData, texts: Mapping[str, int]) -> None:
    """Refuse a sample that could not be trained on, in terms of what was asked for: its file is the lab's own.

    Raises:
        DataError: a class has too few different texts.
    """
    scarce = ", ".join(f"{name!r} {count}" for name, count in texts.items() if count < MIN_PER_CLASS)
    if scarce or len(texts) < 2:
        raise DataError(
            f"With a plant in {percent(spec.share, decimals=0)} of the {len(data.train)} training texts of "
            f"{data.title}, too few are left of a class ({scarce or 'one class only'}); each needs {MIN_PER_CLASS}. "
            "Choose a smaller share (on the command line: --share), or a task with more texts."
        )
