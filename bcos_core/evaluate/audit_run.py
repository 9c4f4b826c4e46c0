"""An audit from two checkpoint folders to its figures: the work of the `audit` command and of the Models page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bcos_core.errors import InputError
from bcos_core.evaluate.audit import Audit, ModelLogits, audit
from bcos_core.evaluate.task_of_models import require_task_of
from bcos_core.home import Home
from bcos_core.model.classifier import load
from bcos_core.model.identity import changed_data, folder_identity, model_subject
from bcos_core.model.info import CheckpointInfo, read_info, trained_on
from bcos_core.model.kept_logits import known_logits
from bcos_core.model.predictions import logits_on
from bcos_core.progress import Reporter, Tally
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.text.tasks import TaskChoice, TaskData, load_task


def twin_of(info: CheckpointInfo) -> CheckpointInfo:
    """The model that was trained beside it on the same data with the same budget.

    Raises:
        InputError: there is none.
    """
    path = info.path.parent / info.twin if info.twin else None
    if path is None or not path.is_dir():
        raise InputError(f"{info.name} has no twin here. Name the model to compare it with.")
    return read_info(path)


def run_audit(first: CheckpointInfo, second: CheckpointInfo, *, home: Home, reporter: Reporter) -> Audit:
    """Predict what is not known yet, and compare.

    Raises:
        InputError: models of different tasks, or of none.
        JobCancelled: from the reporter; what was predicted is kept.
    """
    reporter.stage("Reading the data", 0, 3)
    task = task_of(first, second)
    store = EvidenceStore(open_database(home))
    texts = (*task.validation.texts, *task.test.texts)
    answers = []
    for note in filter(None, map(changed_data, (first, second))):
        reporter.log(note)
    for place, info in enumerate((first, second), start=1):
        reporter.stage(f"Asking {info.name}", place, 3)
        classifier = replace(load(info.path), max_length=info.max_length)
        for note in classifier.notes:
            reporter.log(note)
        logits = logits_on(classifier, texts, store, Tally(reporter, len(texts)))
        answers.append(_split(info, logits, task))
    return audit(answers[0], answers[1], task)


def known_audit(
    first: CheckpointInfo,
    second: CheckpointInfo,
    *,
    home: Home,
    load_data: Callable[[TaskChoice], TaskData] = load_task,
) -> Audit | None:
    """The audit where both models' answers are known already; None where they are not.

    `load_data` reads the task: a caller that asks again and again hands over one that remembers.

    Raises:
        InputError: models of different tasks, or of none.
    """
    task = task_of(first, second, load_data)
    store = EvidenceStore(open_database(home))
    texts = (*task.validation.texts, *task.test.texts)
    answers = []
    for info in (first, second):
        known = [
            logits
            for logits in known_logits(model_subject(folder_identity(info.path), info.max_length), texts, store)
            if logits is not None
        ]
        if len(known) < len(texts):
            return None
        answers.append(_split(info, known, task))
    return audit(answers[0], answers[1], task)


def task_of(
    first: CheckpointInfo, second: CheckpointInfo, load_data: Callable[[TaskChoice], TaskData] = load_task
) -> TaskData:
    """The task that both were trained on.

    Raises:
        DataError: one does not say on what.
        InputError: they were not trained on the same.
    """
    trained_on(second)
    choice = trained_on(first)
    if first.task != second.task:
        raise InputError(
            f"{first.name} and {second.name} were not trained on the same task. "
            "Audit a model and its conventional twin."
        )
    data = load_data(choice)
    for info in (first, second):
        require_task_of(info, data)
    return data


def find_pair(checkpoint: Path, other: Path | None) -> tuple[CheckpointInfo, CheckpointInfo]:
    """The two models of an audit: the second one is the first one's twin unless it is named.

    Raises:
        InputError: there is no second one.
    """
    first = read_info(checkpoint)
    return first, read_info(other) if other is not None else twin_of(first)


def _split(info: CheckpointInfo, logits: list[tuple[float, ...]], task: TaskData) -> ModelLogits:
    split = len(task.validation)
    return ModelLogits(info.name, logits[:split], logits[split:])
