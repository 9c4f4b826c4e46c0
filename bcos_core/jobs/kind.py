"""What a kind of job is: what may be asked, what is done, and where it is shown. `bcos_core.jobs.kinds` lists them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from bcos_core.errors import BcosError
from bcos_core.jobs.devices import present_device
from bcos_core.jobs.job import Job
from bcos_core.jobs.lane import Lane, lane_of
from bcos_core.jobs.paces import read_paces
from bcos_core.jobs.part import Part
from bcos_core.jobs.run import Asked, JobRun, Start, attach, begin, job_run
from bcos_core.jobs.store import JobStore
from bcos_core.jobs.together import processes_here, rank_here, refuse_other_launchers, run_together
from bcos_core.storage.database import Database
from bcos_core.storage.plain import to_plain
from bcos_core.storage.stored_spec import read_spec

Spec = TypeVar("Spec")
Made = TypeVar("Made")


@dataclass(frozen=True)
class JobKind(Generic[Spec, Made]):
    """One kind of job. What runs is its specification as it was stored: a job that waits or goes on does what was
    asked, whatever the defaults are by then.

    `name` is what the rows of its jobs say, `title` what a person calls it. `specification` is the dataclass of what
    is asked; `describe` puts one into a title, `key` is the same for two of the same work on the same content of files.
    `run` does the work and calls `JobRun.finish` with the result that is stored; what it returns is for a command that
    a person has typed: `command` has the words of that, after `python -m bcos_core`.

    `page` is the folder of the page that shows its result, "" where the Jobs page does; there the result is the value
    of `parameter` in the address: the one that the stored result has under that name, else the job's id. `processes`
    are those that are asked to do it together; of such a kind, `made` reads what `run` returns from the stored result.
    `lane`: short for what takes minutes at most, and does
    not wait for long jobs; nor does a job of another kind that is expected to be done as soon. `plan` is what the work
    of one consists of, from which the time that it takes is told before it begins and while it runs: it may read what
    is asked about. `called_now` puts into what was asked the name that its result goes by now, where the result has one
    of its own; `reserves` is the name that it will go by, in one spelling: no two jobs that wait or run have the same.
    `demands` refuses whoever may not do, by a job, what it does with something that belongs to somebody.
    """

    name: str
    title: str
    specification: type[Spec]
    describe: Callable[[Spec], str]
    key: Callable[[Spec], str]
    command: Callable[[Spec], Sequence[str]]
    run: Callable[[Spec, JobRun], Made]
    page: str = ""
    parameter: str = ""
    processes: Callable[[Spec], int] = field(default=lambda spec: 1)
    made: Callable[[Job], Made] | None = None
    lane: Lane = Lane.LONG
    plan: Callable[[Spec], Sequence[Part]] = field(default=lambda spec: ())
    called_now: Callable[[Spec, Mapping[str, Any]], Spec] = field(default=lambda spec, result: spec)
    reserves: Callable[[Spec], str | None] = field(default=lambda spec: None)
    demands: Callable[[Spec, Database], None] = field(default=lambda spec, database: None)

    def read(self, stored: object) -> Spec:
        """What a row of this kind was asked.

        Raises:
            InputError: it is damaged, or another version of the program wrote it.
        """
        return read_spec(stored, self.specification, f"What this job was asked ({self.title.lower()})")

    def line(self, spec: Spec) -> str:
        """The command that does the same work without a browser."""
        return shlex.join(["python", "-m", "bcos_core", *self.command(spec)])

    def submit(self, store: JobStore, spec: Spec) -> tuple[Job, bool]:
        """Put a job in the queue; as in `JobStore.submit`.

        Raises:
            InputError: another job that waits or runs reserves its name.
            NotAllowedError: the store's actor may not do it.
        """
        self.demands(spec, store.database)
        asked = (self.name, self.describe(spec), to_plain(spec), self.key(spec))
        expected = self.expected_seconds(store, spec)
        lane = lane_of(self.lane, expected)
        return store.submit(*asked, lane=lane, expected_seconds=expected, reserves=self.reserves(spec))

    def expected_seconds(self, store: JobStore, spec: Spec) -> float | None:
        """About how long the work will take on this machine, as far as earlier jobs tell; None where nobody knows."""
        plan = self.parts(spec)
        paces = read_paces(store.database, present_device())
        return sum(map(paces.seconds, plan)) if plan else None

    def parts(self, spec: Spec) -> Sequence[Part]:
        """The `plan`, nothing of work that cannot be done: what is wrong with it, its start says."""
        try:
            return self.plan(spec)
        except BcosError:
            return ()

    def run_here(self, spec: Spec) -> tuple[Made, str]:
        """Do it in this process, as a job of its own: a command that a person typed. What was made, and the job's id.

        Raises:
            BcosError: as in `job_run`, and of the work.
        """
        asked = (self.name, self.describe(spec), to_plain(spec), self.key(spec))
        return self._run(spec, Asked(*asked, lane=self.lane, reserves=self.reserves(spec)))

    def run_started(self, start: Start, stored: object) -> None:
        """Do what a job was asked whose start this process is.

        Raises:
            BcosError: as in `read` and `job_run`, and of the work.
        """
        self._run(self.read(stored), start)

    def _run(self, spec: Spec, work: Asked | Start) -> tuple[Made, str]:
        refuse_other_launchers()
        wanted = self.processes(spec)
        here = 1 if rank_here() is not None else processes_here(wanted)
        if here > 1:
            return self._run_together(work, here, wanted)
        with job_run(work, plan=self.parts(spec)) as job:
            if here < wanted and rank_here() is None:
                job.reporter.log(f"{wanted} processes were asked for; there is one GPU here, and one process works.")
            made = self.run(spec, job)
        return made, job.id

    def _run_together(self, work: Asked | Start, processes: int, wanted: int) -> tuple[Made, str]:
        """As `_run`, in so many processes that this one starts."""
        assert self.made is not None
        store = JobStore.open()
        job = attach(store, work) if isinstance(work, Start) else begin(store, work)
        run_together(store, job, processes, wanted=wanted)
        return self.made(store.get(job.id)), job.id


AnyKind = JobKind[Any, Any]
