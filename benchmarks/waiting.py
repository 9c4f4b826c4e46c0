"""What waiting is like: whether the time left is right at half-way, and how soon a short job starts beside a long one.

Real jobs on a home of their own, small ones of four kinds. The first of each knows only what is declared.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bcos_core.evaluate.job import EVALUATE
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.evaluate.vocabulary_job import WORDS, WordsSpec
from bcos_core.home import Home
from bcos_core.jobs.kind import AnyKind
from bcos_core.jobs.made import made_by
from bcos_core.jobs.store import Job, JobState, JobStore
from bcos_core.jobs.supervisor import Supervisor
from bcos_core.lab.job import LAB
from bcos_core.lab.spec import LabSpec
from bcos_core.train.job import TRAIN
from bcos_core.train.quickstart import quickstart_spec
from bcos_core.train.spec import TrainSpec

GOOD = 0.3
"""A time left is good if it is off by at most this share."""
LOOK_SECONDS = 0.2
FRACTIONS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Followed:
    """One job from its start to its end: what it said of its time left, and when, in seconds after its start."""

    kind: str
    seconds: float
    said: tuple[tuple[float, float], ...]

    def error_at(self, fraction: float) -> float:
        """How much more time it said was left than really was, as a share of that: below zero, it promised too little
        waiting. Infinite where it had said nothing yet."""
        moment = fraction * self.seconds
        known = [left for at, left in self.said if at <= moment]
        return (known[-1] - (self.seconds - moment)) / (self.seconds - moment) if known else float("inf")


def time_left() -> dict[str, float]:
    """Of ten jobs of four kinds: how many told at half-way their time left within 30 %, and by how much each was off.
    Wanted: 8."""
    found: dict[str, float] = {}
    followed: list[Followed] = []
    with _home() as (store, supervisor):
        models = ["", ""]
        for number, make in enumerate(_jobs(models), start=1):
            kind, spec = make()
            one, job = _follow(store, supervisor, kind, spec)
            followed.append(one)
            if kind is TRAIN and not models[0]:
                made = made_by(job)
                assert made.bcos is not None and made.conventional is not None
                models[:] = [made.bcos.checkpoint, made.conventional.checkpoint]
            found[f"time_left_{number}_{one.kind}_seconds"] = one.seconds
            for fraction in FRACTIONS:
                found[f"time_left_{number}_{one.kind}_off_at_{100 * fraction:.0f}"] = one.error_at(fraction)
            print(f"{number}: {one.kind}, {one.seconds:.0f} s, off by {one.error_at(0.5):+.0%} at half-way", flush=True)
    found["time_left_good_of_10"] = float(sum(abs(one.error_at(0.5)) <= GOOD for one in followed))
    return found


def short_beside_long() -> dict[str, float]:
    """Seconds from asking for a short job to its start and to its first stage, while a long one runs. Wanted: 5."""
    with _home() as (store, supervisor):
        _, job = _follow(store, supervisor, TRAIN, _training(200, 1))
        made = made_by(job)
        assert made.bcos is not None
        long, _ = TRAIN.submit(store, _training(4000, 2))
        _until(supervisor, lambda: "Fine-tuning" in store.get(long.id).stage)
        asked = time.monotonic()
        short, _ = WORDS.submit(store, WordsSpec(made.bcos.checkpoint, "bcos", 40))
        _until(supervisor, lambda: store.get(short.id).state == JobState.RUNNING)
        started = time.monotonic() - asked
        _until(supervisor, lambda: store.get(short.id).stage != "")
        working = time.monotonic() - asked
        _until(supervisor, lambda: not store.get(short.id).active)
        done = time.monotonic() - asked
        assert store.get(long.id).state == JobState.RUNNING and store.get(short.id).state == JobState.SUCCEEDED
        store.cancel(long.id)
        _until(supervisor, lambda: not store.get(long.id).active)
    return {"short_started_s": started, "short_working_s": working, "short_done_s": done}


def _jobs(models: list[str]) -> list[Callable[[], tuple[AnyKind, Any]]]:
    """Ten jobs of different sizes; those after the first are about the models that it has made."""

    def evaluation(limit: int, *methods: str) -> tuple[AnyKind, Any]:
        return EVALUATE, EvaluationSpec(tuple(models), methods, limit=limit)

    def words(limit: int) -> tuple[AnyKind, Any]:
        return WORDS, WordsSpec(models[0], "bcos", limit)

    def lab(limit: int, seed: int) -> tuple[AnyKind, Any]:
        recipe = _training(250, seed).recipe
        return LAB, LabSpec(
            limit=limit, recipe=recipe, methods=("bcos", "occlusion", "integrated_gradients", "saliency")
        )

    return [
        lambda: (TRAIN, _training(300, 0)),
        lambda: evaluation(20, "bcos", "occlusion", "saliency", "lime"),
        lambda: words(150),
        lambda: lab(30, 3),
        lambda: (TRAIN, _training(600, 1)),
        lambda: evaluation(40, "bcos", "integrated_gradients", "attention"),
        lambda: words(600),
        lambda: lab(20, 4),
        lambda: (TRAIN, _training(400, 2, consistency=1.0)),
        lambda: evaluation(60, "bcos", "occlusion", "lime"),
    ]


def _training(examples: int, seed: int, **changes: Any) -> TrainSpec:
    asked = quickstart_spec()
    recipe = asked.recipe.replace(examples=examples, calibration_texts=48, seed=seed, **changes)
    return TrainSpec(asked.model, asked.task, recipe, f"waiting-{seed}")


@contextmanager
def _home() -> Iterator[tuple[JobStore, Supervisor]]:
    """A home of its own, and a supervisor that is driven by hand."""
    before = os.environ.get("BCOS_HOME")
    with tempfile.TemporaryDirectory(prefix="bcos-waiting-") as folder:
        os.environ["BCOS_HOME"] = folder
        store = JobStore.open(Home(Path(folder).resolve()).create())
        supervisor = Supervisor(store, devices=("cpu",))
        try:
            yield store, supervisor
        finally:
            supervisor._shut_down()
            os.environ.pop("BCOS_HOME") if before is None else os.environ.update(BCOS_HOME=before)


def _follow(store: JobStore, supervisor: Supervisor, kind: AnyKind, spec: Any) -> tuple[Followed, Job]:
    """Run a job to its end.

    Raises:
        RuntimeError: it has not succeeded.
    """
    job, _ = kind.submit(store, spec)
    _until(supervisor, lambda: store.get(job.id).state == JobState.RUNNING)
    began, said = time.monotonic(), []
    while (now := store.get(job.id)).active:
        supervisor.tick()
        if now.eta_seconds is not None:
            said.append((time.monotonic() - began, now.eta_seconds))
        time.sleep(LOOK_SECONDS)
    if now.state != JobState.SUCCEEDED:
        raise RuntimeError(f"{now.title}: {now.message}")
    return Followed(kind.name, time.monotonic() - began, tuple(said)), now


def _until(supervisor: Supervisor, true: Callable[[], bool]) -> None:
    while not true():
        supervisor.tick()
        time.sleep(LOOK_SECONDS / 4)
