"""Looking at a draft as a rater: the first of its own items are explained, and nothing is locked."""

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

ITEMS = 6
"""So many of the items that count are in a preview, besides all of practice and checks."""


@dataclass(frozen=True)
class PreviewSpec:
    """The id of a draft."""

    study: str


def describe(spec: PreviewSpec) -> str:
    return f"Preview a study · {Studies(open_database(get_home())).get(spec.study).title}"


def plan(spec: PreviewSpec) -> list[Part]:
    return lock_plan(StudyDesign.from_dict(Studies(open_database(get_home())).draft(spec.study).design), only=ITEMS)


def run(spec: PreviewSpec, job: JobRun) -> LockedStudy:
    from bcos_core.study.lock_run import preview_study

    shown = preview_study(spec.study, ITEMS, home=job.home, reporter=job.reporter)
    job.finish({"study": spec.study, "items": len(shown.items)})
    return shown


PREVIEW = JobKind(
    name="preview",
    title="Preview",
    specification=PreviewSpec,
    describe=describe,
    key=lambda spec: f"study-preview:{spec.study}",
    command=lambda spec: ["study", "preview", spec.study],
    run=run,
    page="studies",
    demands=demand_edit,
    parameter="study",
    lane=Lane.SHORT,
    plan=plan,
)
