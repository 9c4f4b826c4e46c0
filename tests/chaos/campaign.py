"""A fault campaign: jobs train and evaluate, raters answer, and at random moments something is killed, stopped, filled,
cut or turned back. Then everything is let run to its end, and looked through."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import psutil

from bcos_core.errors import BcosError
from bcos_core.jobs.job import Job, JobState
from tests.chaos.injections import INJECTIONS, Scene
from tests.chaos.verdict import Verdict, judge_artefacts, judge_end, judge_figures, judge_results
from tests.chaos.work import Work
from tests.jobs.waiting import wait_until

LONGEST_WAIT_SECONDS = 5.0
PATIENCE_SECONDS = 600.0
LEAVE_SECONDS = 30.0
AT_ONCE = 2

Say = Callable[[str], None]


class Campaign:
    """`unbroken` are the figures of each work, by its name, when nothing is done to it."""

    def __init__(self, scene: Scene, works: list[Work], unbroken: Mapping[str, Mapping[str, float]], say: Say) -> None:
        self._scene = scene
        self._works = cycle(works)
        self._unbroken = unbroken
        self._say = say
        self._asked: list[tuple[Work, Job]] = []
        self._read: set[Path] = set()
        self.verdict = Verdict()

    def run(self, injections: int, chance: random.Random) -> Verdict:
        """So many injections, of every kind that this machine can have, equally often."""
        began = time.monotonic()
        lacks = {name: one.lack(self._scene) for name, one in INJECTIONS.items()}
        self.verdict.left_out = {name: lack for name, lack in lacks.items() if lack}
        names = [name for name, lack in lacks.items() if not lack]
        turn: list[str] = []
        while self.verdict.injections < injections:
            self._keep_busy()
            turn = turn or chance.sample(names, len(names))
            time.sleep(chance.uniform(0, LONGEST_WAIT_SECONDS))  # any moment: of a start, a step, a checkpoint, an end
            if INJECTIONS[turn[-1]].hit(self._scene, chance):
                name = turn.pop()
                self.verdict.injections += 1
                self.verdict.by_kind[name] = self.verdict.by_kind.get(name, 0) + 1
                self._say(f"{self.verdict.injections} of {injections}: {name}")
                self._count_answers()
                judge_results(self.verdict, self._scene.world.home, self._read)
        self._settle()
        self.verdict.seconds = round(time.monotonic() - began, 1)
        return self.verdict

    def _keep_busy(self) -> None:
        """Jobs that wait or run, somebody who starts them, and raters; while the database is away, the next time."""
        world = self._scene.world
        with suppress(BcosError):
            world.start_supervisor()
            self._scene.raters.keep_on()
            active = {job.id for job in world.store.list(active=True)}
            while len(active) < AT_ONCE:
                work = next(self._works)
                job = work.submit(world.store)
                if job.id not in active:
                    active.add(job.id)
                    self._asked.append((work, job))
            wait_until(lambda: world.running, "a job that runs", seconds=PATIENCE_SECONDS)

    def _count_answers(self) -> None:
        lost, doubled = self._scene.raters.lost(), self._scene.raters.doubled()
        if lost > self.verdict.answers_lost or doubled > self.verdict.answers_doubled:
            self.verdict.found.append(
                f"after injection {self.verdict.injections}: {lost} answers lost, {doubled} twice"
            )
        self.verdict.answers_lost, self.verdict.answers_doubled = lost, doubled
        self.verdict.answers = self._scene.raters.acknowledged()

    def _settle(self) -> None:
        """Let all end by itself, judge it; let what has failed go on, and judge its figures."""
        world = self._scene.world
        self._scene.raters.end()
        self._count_answers()
        self._wait_for_all()
        ended = [world.store.get(job.id) for _, job in self._asked]
        self.verdict.jobs = len(ended)
        for job in ended:
            judge_end(self.verdict, self._scene, job)
        for job in ended:
            if job.state in (JobState.FAILED, JobState.CANCELLED):
                world.store.resume(job.id)
                self._wait_for_all()
        for work, asked in self._asked:
            job = world.store.get(asked.id)
            if job.state != JobState.SUCCEEDED:
                self.verdict.jobs_lost += 1
                self.verdict.found.append(f"{job.title} ({job.id}) did not go on: it is {job.state}, {job.message!r}")
            else:
                judge_figures(self.verdict, world.store, work, job, self._unbroken[work.name])
        world.stop_supervisor()
        judge_results(self.verdict, world.home, self._read)
        judge_artefacts(self.verdict, world.home, world.store.list().found)
        with suppress(AssertionError):  # what a cluster ran is gone a moment after its job has ended
            wait_until(lambda: not self._left(), "the end of all processes", seconds=LEAVE_SECONDS)
        left = self._left()
        self.verdict.left_running = len(left)
        self.verdict.found += [f"a process is left: {' '.join(one.cmdline())[:200]}" for one in left]

    def _left(self) -> list[psutil.Process]:
        ray = self._scene.ray
        return [one for one in self._scene.world.processes() if ray is None or not ray.owns(one)]

    def _wait_for_all(self) -> None:
        world = self._scene.world
        world.start_supervisor()
        with suppress(AssertionError):  # the verdict says which are not done
            wait_until(lambda: not world.store.list(active=True).any, "the end of all", seconds=PATIENCE_SECONDS)


def without_a_break(scene: Scene, work: Work) -> Job:
    """A job of that work to which nothing is done.

    Raises:
        AssertionError: it does not succeed.
    """
    world = scene.world
    job = work.submit(world.store)

    wait_until(lambda: not world.store.get(job.id).active, work.name, seconds=PATIENCE_SECONDS)
    done = world.store.get(job.id)
    assert done.state == JobState.SUCCEEDED, (done.message, world.store.log_tail(job.id, 40))
    return done
