"""The rehearsal of a study as a job: simulated raters of a known taste answer a copy of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from bcos_core.home import get_home
from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.part import START_SECONDS, Part
from bcos_core.jobs.run import JobRun
from bcos_core.storage.upgrade import open_database
from bcos_core.study.crowd import Crowd
from bcos_core.study.design import StudyDesign
from bcos_core.study.studies import Studies, demand_edit

if TYPE_CHECKING:
    from bcos_core.study.simulate import SimulationResult


SECONDS_OF_AN_ANSWER = 0.03


@dataclass(frozen=True)
class RehearsalSpec:
    """The id of a locked study, and who answers."""

    study: str
    crowd: Crowd


def describe(spec: RehearsalSpec) -> str:
    return f"Rehearse a study · {Studies(open_database(get_home())).get(spec.study).title}"


def command(spec: RehearsalSpec) -> list[str]:
    given = {name: value for name, value in asdict(spec.crowd).items() if value is not None}
    flags = [f"--{name}={value}" for name, value in given.items()]  # with “=”, for values that begin with a minus
    return ["study", "simulate", *flags, spec.study]


def plan(spec: RehearsalSpec) -> list[Part]:
    """Every rater answers every item of a sequence."""
    design = StudyDesign.from_dict(Studies(open_database(get_home())).get(spec.study).design)
    answers = (spec.crowd.raters or design.raters_needed) * (design.items_per_rater + design.instructed + design.random)
    return [Part(0, "", "rehearse", START_SECONDS + SECONDS_OF_AN_ANSWER * answers)]


def run(spec: RehearsalSpec, job: JobRun) -> SimulationResult:
    from bcos_core.study.locked import LockedStudy
    from bcos_core.study.simulate import simulate

    database = open_database(job.home)
    locked = LockedStudy.from_dict(Studies(database).locked(spec.study))
    job.reporter.stage("Simulated raters answer", 0, 1)
    result = simulate(job.home, database, locked, spec.crowd, job.reporter)
    job.finish(result.to_dict())
    return result


REHEARSE = JobKind(
    name="rehearse",
    title="Rehearsal",
    specification=RehearsalSpec,
    describe=describe,
    key=lambda spec: f"study-rehearsal:{spec.study}",
    command=command,
    run=run,
    page="studies",
    demands=demand_edit,
    parameter="study",
    lane=Lane.SHORT,
    plan=plan,
)
