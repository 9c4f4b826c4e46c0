"""Locking as a job does it: candidates from a collection or the models' test set, records, then the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

from bcos_core.errors import DataError, InputError
from bcos_core.home import Home
from bcos_core.model.classifier import Classifier, load
from bcos_core.model.info import read_info, trained_on
from bcos_core.model.predictions import logits_on
from bcos_core.progress import Reporter, Tally
from bcos_core.storage.collections import Collections
from bcos_core.storage.database import Database
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.study.design import StudyDesign
from bcos_core.study.lock_plan import STAGES
from bcos_core.study.locked import LockedStudy
from bcos_core.study.locking import lock
from bcos_core.study.selection import Candidate
from bcos_core.study.studies import Studies, Study
from bcos_core.text.tasks import load_task


def lock_study(id: str, *, home: Home, reporter: Reporter) -> LockedStudy:
    """Lock a draft: from now on nothing changes what raters see.

    Raises:
        StudyError: there is no such study, it is locked already, or it was changed meanwhile.
        InputError, DataError: the design cannot be carried out.
        JobCancelled: from the reporter.
    """
    studies = Studies(open_database(home))
    draft = studies.draft(id)
    locked = _locked(draft, studies.database, reporter)
    studies.lock(draft, locked.to_dict(), locked.hash)
    return locked


def preview_study(id: str, items: int, *, home: Home, reporter: Reporter) -> LockedStudy:
    """What raters would see of a draft, of its first `items` and all of practice and checks; kept with the draft.

    Raises:
        StudyError: there is no such study, it is locked already, or it was changed meanwhile.
        InputError, DataError: the design cannot be carried out.
        JobCancelled: from the reporter.
    """
    studies = Studies(open_database(home))
    draft = studies.draft(id)
    shown = _locked(draft, studies.database, reporter, only=items)
    studies.keep_preview(draft, shown.to_dict())
    return shown


def _locked(draft: Study, database: Database, reporter: Reporter, *, only: int | None = None) -> LockedStudy:
    """What is made of a draft's design."""
    design = StudyDesign.from_dict(draft.design)

    @cache
    def loaded(path: str) -> Classifier:
        return replace(load(path), max_length=read_info(path).max_length)

    reporter.stage(STAGES[0], 0, len(STAGES))
    candidates = find_candidates(design, loaded(design.checkpoints[0]), database, reporter)
    if design.heatmaps > 1:
        others = map(loaded, design.checkpoints[1:])
        candidates = agreeing(candidates, loaded(design.checkpoints[0]), others, EvidenceStore(database))
    reporter.stage(STAGES[1], 1, len(STAGES))
    return lock(design, candidates, loaded, reporter, only=only)


def find_candidates(
    design: StudyDesign, classifier: Classifier, database: Database, reporter: Reporter
) -> list[Candidate]:
    """Texts to choose from, with the label where they have one, and whether the first model is right about it.

    Raises:
        DataError: the collection is empty, or the model does not say what it was trained on.
    """
    if name := design.source.collection:
        pinned = Collections(database).texts(name)
        if not pinned:
            raise DataError(f"The collection {name!r} is empty. Pin texts on Compare, or choose another source.")
        texts = [Candidate(one.text, one.label) for one in pinned]
    else:
        info = read_info(design.checkpoints[0])
        if info.task is None:
            raise InputError(
                f"{classifier.name} does not say what it was trained on, so there is no test set to draw texts from. "
                "Choose a collection of pinned texts."
            )
        data = load_task(trained_on(info))
        bands = data.task_type.bands(data.test.labels, data.labels)
        texts = [
            Candidate(text, data.word(label), band=band)
            for text, label, band in zip(data.test.texts, data.test.labels, bands, strict=True)
        ]
    tally = Tally(reporter, len(texts))
    logits = logits_on(classifier, [one.text for one in texts], EvidenceStore(database), tally)
    return [replace(one, correct=_is_right(classifier, row, one.label)) for one, row in zip(texts, logits, strict=True)]


def agreeing(
    candidates: Sequence[Candidate], first: Classifier, others: Iterable[Classifier], store: EvidenceStore
) -> list[Candidate]:
    """The texts, each marked with whether the other models answer as the first one does about what it says most of: two
    heatmaps on one screen must be about one answer."""
    texts = [one.text for one in candidates]
    kind, agreed = first.task_type, [True] * len(texts)
    logits = logits_on(first, texts, store)
    for other in others:
        if other.labels != first.labels:
            continue  # which is refused when they are explained
        for place, (mine, theirs) in enumerate(zip(logits, logits_on(other, texts, store), strict=True)):
            said, answer = (kind.prediction(row, first.labels) for row in (mine, theirs))
            guesses = {kind.statement(one, first.labels, said.index).guess for one in (said, answer)}
            agreed[place] = agreed[place] and len(guesses) == 1
    return [replace(one, agreed=fits) for one, fits in zip(candidates, agreed, strict=True)]


def _is_right(classifier: Classifier, logits: Sequence[float], label: str | None) -> bool | None:
    """Whether the model is right in what people are asked about: its answer, or the label that it is surest to give."""
    kind = classifier.task_type
    gold = None if label is None else kind.read(label, classifier.labels)
    prediction = kind.prediction(logits, classifier.labels)
    return None if gold is None else kind.is_right(prediction, prediction.index, gold)
