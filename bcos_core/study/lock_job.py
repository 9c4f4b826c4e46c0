"""Locking a study as a job: its texts are explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcos_core.home import get_home
from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.part import Part
from bcos_core.jobs.run import JobRun
from bcos_core.storage.upgrade import open_database
from bcos_core.study.design import StudyDesign
from bcos_core.study.lock_plan import lock_plan
from bcos_core.study.studies import Studies, demand_edit

if TYPE_CHECKING:
    from bcos_core.study.locked import LockedStudy


@dataclass(frozen=True)
class LockSpec:
    """The id of a draft."""

    study: str


def describe(spec: LockSpec) -> str:
    return f"Lock a study · {Studies(open_database(get_home())).get(spec.study).title}"


def plan(spec: LockSpec) -> list[Part]:
    return lock_plan(StudyDesign.from_dict(Studies(open_database(get_home())).draft(spec.study).design))


def run(spec: LockSpec, job: JobRun) -> LockedStudy:
    from bcos_core.study.lock_run import lock_study

    locked = lock_study(spec.study, home=job.home, reporter=job.reporter)
    job.finish({"study": spec.study, "hash": locked.hash, "items": len(locked.items)})
    return locked


LOCK = JobKind(
    name="lock",
    title="Locking",
    specification=LockSpec,
    describe=describe,
    key=lambda spec: f"study:{spec.study}",
    command=lambda spec: ["study", "lock", spec.study],
    run=run,
    page="studies",
    demands=demand_edit,
    parameter="study",
    lane=Lane.SHORT,
    plan=plan,
)
