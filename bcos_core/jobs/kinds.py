"""The kinds of job that there are: each is one file of the folder that does the work."""

from __future__ import annotations

from importlib import import_module

from bcos_core.errors import UnknownNameError
from bcos_core.jobs.job import Job
from bcos_core.jobs.kind import AnyKind

_PLACES = {
    "quickstart": ("bcos_core.train.job", "QUICKSTART"),
    "train": ("bcos_core.train.job", "TRAIN"),
    "language-model": ("bcos_core.train.language.job", "LANGUAGE_MODEL"),
    "evaluate": ("bcos_core.evaluate.job", "EVALUATE"),
    "minimal-pairs": ("bcos_core.minimal_pairs.job", "MINIMAL_PAIRS"),
    "trust": ("bcos_core.trust.job", "TRUST"),
    "audit": ("bcos_core.evaluate.audit_job", "AUDIT"),
    "words": ("bcos_core.evaluate.vocabulary_job", "WORDS"),
    "retest": ("bcos_core.evaluate.retest_job", "RETEST"),
    "patterns": ("bcos_core.evaluate.patterns_job", "PATTERNS_JOB"),
    "batch": ("bcos_core.batch.job", "BATCH"),
    "ablate": ("bcos_core.ablation.job", "ABLATE"),
    "lab": ("bcos_core.lab.job", "LAB"),
    "reproduce": ("bcos_core.reproduce.job", "REPRODUCE"),
    "preview": ("bcos_core.study.preview_job", "PREVIEW"),
    "lock": ("bcos_core.study.lock_job", "LOCK"),
    "rehearse": ("bcos_core.study.rehearsal_job", "REHEARSE"),
}
"""Name → where it is declared. None of these files imports PyTorch before the work is done."""

NAMES = tuple(_PLACES)


def kind_of(name: str) -> AnyKind:
    """
    Raises:
        UnknownNameError: another version of the program has such jobs.
    """
    if name not in _PLACES:
        raise UnknownNameError("kind of job", name, _PLACES)
    module, attribute = _PLACES[name]
    found: AnyKind = getattr(import_module(module), attribute)
    return found


def command_of(job: Job) -> str:
    """The command that a person would type for the same work.

    Raises:
        InputError: another version of the program has asked for it, or its row is damaged.
    """
    kind = kind_of(job.kind)
    return kind.line(kind.read(job.spec))
