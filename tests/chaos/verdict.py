"""What is left when all is over, held against what was promised."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bcos_core import load
from bcos_core.errors import BcosError
from bcos_core.evaluate.result import load_evaluation
from bcos_core.home import Home
from bcos_core.jobs.claims import MAX_CRASHES
from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.store import JobStore
from tests.chaos.injections import Scene
from tests.chaos.work import Work

TOLERANCE = 1e-4


@dataclass
class Verdict:
    """Counts of what must not be, and in words what was found."""

    injections: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    jobs: int = 0
    jobs_lost: int = 0
    wrong_results: int = 0
    answers: int = 0
    answers_lost: int = 0
    answers_doubled: int = 0
    half_written: int = 0
    left_running: int = 0
    seconds: float = 0.0
    found: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        bad = (self.jobs_lost, self.wrong_results, self.answers_lost, self.answers_doubled, self.half_written)
        return not any(bad) and not self.left_running

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def judge_end(verdict: Verdict, scene: Scene, job: Job) -> None:
    """Whether a job came to the end that what was done to it explains."""
    reason = _unexplained(scene, job)
    if reason:
        verdict.jobs_lost += 1
        verdict.found.append(f"{job.title} ({job.id}): {reason}; its message: {job.message!r}")


def _unexplained(scene: Scene, job: Job) -> str:
    match job.state:
        case JobState.SUCCEEDED:
            return "" if job.result else "it has succeeded without a result"
        case JobState.CANCELLED:
            return "" if job.id in scene.cancelled else "it is cancelled, and nobody asked for that"
        case JobState.FAILED:
            if job.crashes >= MAX_CRASHES and scene.killed[job.id] >= MAX_CRASHES:
                return ""
            return "" if job.id in scene.starved else "it has failed, and nothing that was done to it explains that"
        case _:
            return f"it is {job.state} when all is over"


def judge_figures(verdict: Verdict, store: JobStore, work: Work, job: Job, unbroken: Mapping[str, float]) -> None:
    """Whether a job has found out what an unbroken one does, to 1e-4."""
    try:
        found = work.figures(store, job)
    except BcosError as error:
        verdict.wrong_results += 1
        verdict.found.append(f"{work.name} ({job.id}): {error}")
        return
    for name in unbroken.keys() | found.keys():
        one, other = unbroken.get(name, math.nan), found.get(name, math.nan)
        if not math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            verdict.wrong_results += 1
            verdict.found.append(f"{work.name} ({job.id}): {name} is {other}, and {one} without a break")


def judge_results(verdict: Verdict, home: Home, known: set[Path]) -> None:
    """Whether every visible result can be read; those that are `known` could, and are not read again."""
    for parent, read in ((home.models, load), (home.evaluations, load_evaluation)):
        for folder in sorted(set(parent.glob("[!.]*")) - known):
            known.add(folder)
            try:
                read(folder)
            except BcosError as error:
                verdict.half_written += 1
                verdict.found.append(f"{folder.relative_to(home.root)}: {error}")


def judge_artefacts(verdict: Verdict, home: Home, jobs: Sequence[Job]) -> None:
    """Whether what jobs say that they made is there, and nothing else is."""
    said = {Path(artefact) for job in jobs for artefact in job.artefacts}
    there = {folder for parent in home.made for folder in parent.glob("[!.]*")}
    for folder in sorted(said ^ there):
        verdict.half_written += 1
        what = "no job has made it" if folder in there else "it is said to be made, and is not there"
        verdict.found.append(f"{folder.relative_to(home.root)}: {what}")
