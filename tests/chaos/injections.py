"""What can happen to a server, each as one row: what is hit, and how it is as before afterwards."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bcos_core.errors import JobError
from bcos_core.jobs.executors.settings import RAY
from bcos_core.jobs.job import Job
from tests.chaos.network import Network
from tests.chaos.raters import Answering
from tests.chaos.world import World, process_of, signal_to
from tests.cluster import Server
from tests.jobs.ray_cluster import RayCluster
from tests.jobs.waiting import wait_until

Item = TypeVar("Item")
LONGEST_PAUSE_SECONDS = 6.0
LONGEST_JUMP_SECONDS = 86_400
LONGEST_WAY_SECONDS = 20.0


@dataclass
class Scene:
    """Everything that can be hit, and what was done to each job, by its id: the verdict needs to know."""

    world: World
    raters: Answering
    disk: bool
    clock: Path
    network: Network | None = None  # to the database, where it has one
    server: Server | None = None
    ray: RayCluster | None = None
    killed: Counter[str] = field(default_factory=Counter)
    starved: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)


Hit = Callable[[Scene, random.Random], bool]
"""Whether there was something to hit."""


@dataclass(frozen=True)
class Injection:
    """`lack` says why this machine or this database cannot have it, "" where it can."""

    hit: Hit
    lack: Callable[[Scene], str] = lambda scene: ""


def kill_job(scene: Scene, chance: random.Random) -> bool:
    job = _one_of(scene.world.running, chance)
    return job is not None and _kill(scene, job)


def kill_supervisor(scene: Scene, chance: random.Random) -> bool:
    return signal_to(scene.world.supervisor, signal.SIGKILL)


def kill_both(scene: Scene, chance: random.Random) -> bool:
    """The supervisor first, so that nobody sees the job die."""
    job = _one_of(scene.world.running, chance)
    return job is not None and kill_supervisor(scene, chance) and _kill(scene, job)


def kill_rater(scene: Scene, chance: random.Random) -> bool:
    return signal_to(_one_of(scene.raters.processes, chance), signal.SIGKILL)


def stop_and_continue(scene: Scene, chance: random.Random) -> bool:
    """SIGSTOP, as a debugger, a full swap or a laptop's lid do, and SIGCONT."""
    jobs = [process for job in scene.world.running if (process := process_of(job))]
    supervisor = scene.world.supervisor
    process = _one_of([*jobs, *scene.raters.processes, *([supervisor] if supervisor else [])], chance)
    with _afterwards(lambda: signal_to(process, signal.SIGCONT)):
        return signal_to(process, signal.SIGSTOP) and _pause(chance)


def cancel_and_kill(scene: Scene, chance: random.Random) -> bool:
    job = _one_of(scene.world.running, chance)
    if job is None:
        return False
    try:
        scene.world.store.cancel(job.id)
    except JobError:  # it has just ended
        return False
    scene.cancelled.add(job.id)
    _kill(scene, job)
    return True


def fill_disk(scene: Scene, chance: random.Random) -> bool:
    """Nothing more can be written in the home, for a while."""
    ballast = scene.world.home.root / "ballast"
    scene.starved.update(job.id for job in scene.world.store.list(active=True))
    with _afterwards(ballast.unlink):
        disk = os.statvfs(scene.world.home.root)
        file = os.open(ballast, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(file, 0, disk.f_bavail * disk.f_frsize)
        except OSError:  # somebody was quicker
            os.write(file, b"0" * (1 << 20))
        finally:
            os.close(file)
        return _pause(chance)


def jump_clock(scene: Scene, chance: random.Random) -> bool:
    """The wall clock of every process, forwards or back, and again to what it was."""
    with _afterwards(lambda: set_clock(scene.clock, 0)):
        set_clock(scene.clock, chance.choice((-1, 1)) * chance.randint(60, LONGEST_JUMP_SECONDS))
        return _pause(chance)


def set_clock(file: Path, offset_seconds: int) -> None:
    """As `clock/sitecustomize.py` reads it."""
    new = file.with_suffix(".new")
    new.write_text(str(offset_seconds))
    new.replace(file)


def cut_network(scene: Scene, chance: random.Random) -> bool:
    assert scene.network is not None
    with _afterwards(scene.network.restore):
        scene.network.cut()
        return _pause(chance)


def hold_network(scene: Scene, chance: random.Random) -> bool:
    assert scene.network is not None
    with _afterwards(scene.network.restore):
        scene.network.hold()
        return _pause(chance)


def restart_database(scene: Scene, chance: random.Random) -> bool:
    """As after a crash: every transaction under way is lost, none that was committed."""
    assert scene.server is not None
    with _afterwards(scene.server.start):
        scene.server.crash()
        return _pause(chance)


def restart_ray_head(scene: Scene, chance: random.Random) -> bool:
    """What runs on the cluster is lost with its head, and the supervisor sees that there is none."""
    assert scene.ray is not None
    if not _runs_on_ray(scene, chance):
        return False
    with _afterwards(scene.ray.start):
        _lose_head(scene)
        return _pause(chance)


def restart_ray_head_unseen(scene: Scene, chance: random.Random) -> bool:
    """The supervisor stands still meanwhile: it finds a cluster that has never heard of its jobs."""
    assert scene.ray is not None
    if not _runs_on_ray(scene, chance):
        return False
    supervisor = scene.world.supervisor
    with _afterwards(lambda: signal_to(supervisor, signal.SIGCONT)):
        if not signal_to(supervisor, signal.SIGSTOP):
            return False
        with _afterwards(scene.ray.start):
            _lose_head(scene)
        return True


def _runs_on_ray(scene: Scene, chance: random.Random) -> bool:
    """Whether a job does, at some moment of it: its way there, its start, its work."""
    scene.world.run_on(RAY)
    with suppress(AssertionError):
        wait_until(lambda: _on_ray(scene), "a job on the cluster", seconds=LONGEST_WAY_SECONDS)
        time.sleep(chance.uniform(0, LONGEST_WAY_SECONDS))
    return bool(_on_ray(scene))


def _on_ray(scene: Scene) -> list[Job]:
    return [job for job in scene.world.store.list(active=True) if job.executor == RAY]


def _lose_head(scene: Scene) -> None:
    assert scene.ray is not None
    scene.killed.update(job.id for job in _on_ray(scene))
    scene.ray.lose_head()


def _no_disk(scene: Scene) -> str:
    return "" if scene.disk else "only root can mount a small file system"


def _no_network(scene: Scene) -> str:
    return "" if scene.network else "SQLite is a file"


def _no_ray(scene: Scene) -> str:
    return "" if scene.ray else "Ray is not installed, or left out"


INJECTIONS = {
    "kill a job": Injection(kill_job),
    "kill the supervisor": Injection(kill_supervisor),
    "kill both": Injection(kill_both),
    "kill a rater": Injection(kill_rater),
    "stop and continue": Injection(stop_and_continue),
    "cancel and kill": Injection(cancel_and_kill),
    "fill the disk": Injection(fill_disk, _no_disk),
    "jump the clock": Injection(jump_clock),
    "cut the network": Injection(cut_network, _no_network),
    "hold the network": Injection(hold_network, _no_network),
    "restart the database": Injection(restart_database, _no_network),
    "restart Ray's head": Injection(restart_ray_head, _no_ray),
    "restart Ray's head unseen": Injection(restart_ray_head_unseen, _no_ray),
}


def _kill(scene: Scene, job: Job) -> bool:
    hit = signal_to(process_of(job), signal.SIGKILL)
    scene.killed[job.id] += hit
    return hit


def _pause(chance: random.Random) -> bool:
    time.sleep(chance.uniform(0.2, LONGEST_PAUSE_SECONDS))
    return True


@contextmanager
def _afterwards(restore: Callable[[], object]) -> Iterator[None]:
    try:
        yield
    finally:
        restore()


def _one_of(items: list[Item], chance: random.Random) -> Item | None:
    return chance.choice(items) if items else None
