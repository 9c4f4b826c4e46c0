"""A model's vocabulary as a job."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.plan import vocabulary_plan
from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.run import JobRun
from bcos_core.model.identity import checkpoint_and_data
from bcos_core.model.info import CheckpointInfo, read_info
from bcos_core.option import choice, misfits

if TYPE_CHECKING:
    from bcos_core.evaluate.vocabulary_run import ModelVocabulary


@dataclass(frozen=True)
class WordsSpec:
    """`method` explains every output on the first `limit` texts of the test set of `checkpoint`, a folder.

    Raises:
        UnknownNameError: no such method.
        InputError: a number out of range.
    """

    checkpoint: str
    method: str
    limit: int = choice(300, "Test texts", "Test texts to look at.", least=1, most=100_000)
    seed: int = choice(0, "Seed", "Seed of a stochastic method.", least=0, most=2**32 - 1)

    def __post_init__(self) -> None:
        METHODS[self.method]
        for name, option in misfits(self).items():
            raise InputError(f"{name} is {getattr(self, name)!r}; expected {option.expected}.")

    @property
    def model(self) -> CheckpointInfo:
        """
        Raises:
            CheckpointError: it is not there any more.
        """
        return read_info(Path(self.checkpoint))


def default_method(info: CheckpointInfo) -> str:
    """The model's own contributions where it has them."""
    return "bcos" if info.kind == "bcos" else "occlusion"


def describe(spec: WordsSpec) -> str:
    return f"Words · {spec.model.name} · {METHODS[spec.method].title}"


def key(spec: WordsSpec) -> str:
    asked = [spec.checkpoint, checkpoint_and_data(spec.model), spec.method, spec.limit, spec.seed]
    return "words:" + json.dumps(asked)


def command(spec: WordsSpec) -> list[str]:
    return ["words", spec.checkpoint, f"--method={spec.method}", f"--limit={spec.limit}", f"--seed={spec.seed}"]


def run(spec: WordsSpec, job: JobRun) -> ModelVocabulary:
    from bcos_core.evaluate.vocabulary_run import run_vocabulary

    found = run_vocabulary(
        spec.model, method=spec.method, limit=spec.limit, seed=spec.seed, home=job.home, reporter=job.reporter
    )
    job.finish(found.to_dict())
    return found


WORDS = JobKind(
    name="words",
    title="Words",
    specification=WordsSpec,
    describe=describe,
    key=key,
    command=command,
    run=run,
    page="models",
    lane=Lane.SHORT,
    plan=lambda spec: vocabulary_plan(spec.model, spec.method, spec.limit),
)
