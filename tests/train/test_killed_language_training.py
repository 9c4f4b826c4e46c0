"""A training of a language model whose supervisor and whose own process are killed in the middle, at one moment."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from bcos_core import load
from bcos_core.home import Home
from bcos_core.jobs.launch import ensure_supervisor, stop_supervisor
from bcos_core.jobs.made import made_by
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.store import Job, JobState, JobStore
from bcos_core.jobs.supervisor_lock import supervisor_process
from bcos_core.progress import SilentReporter
from bcos_core.train.callbacks import last_complete_checkpoint
from bcos_core.train.language.job import LANGUAGE_MODEL
from bcos_core.train.language.pipeline import run_language_training
from tests.jobs.waiting import wait_until
from tests.train.small_language_task import language_spec, write_language_inputs

PATIENCE_SECONDS = 300.0
pytestmark = pytest.mark.timeout(900)


class Points(SilentReporter):
    def __init__(self) -> None:
        self.curves: dict[str, dict[int, float]] = {}

    def metric(self, series: str, step: int, value: float) -> None:
        self.curves.setdefault(series, {})[step] = value


@pytest.fixture
def supervised(home: Home) -> Iterator[Home]:
    """One thread in every process that is started, so that sums are added in one order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield home
    stop_supervisor(home)


def kill(process: ProcessId | None) -> None:
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: not process.is_alive(), "the kill")


def until(store: JobStore, job: Job, state: JobState) -> Job:
    def look() -> Job | None:
        present = store.get(job.id)
        assert present.state != JobState.FAILED, (present.message, store.log_tail(job.id, 40))
        return present if present.state == state else None

    return wait_until(look, f"job {state}", seconds=PATIENCE_SECONDS)


def test_killed_with_its_supervisor_it_goes_on_to_what_an_unbroken_one_gives(
    supervised: Home, store: JobStore, tmp_path: Path
) -> None:
    spec = language_spec(write_language_inputs(tmp_path / "inputs"), epochs=20.0, b=1.3)
    points = Points()
    whole = run_language_training(
        spec, home=Home(tmp_path / "whole").create(), work=tmp_path / "whole" / "work", job="j", reporter=points
    )
    assert whole.bcos is not None

    job, _ = LANGUAGE_MODEL.submit(store, spec)
    assert ensure_supervisor(supervised)
    wait_until(lambda: last_complete_checkpoint(job.work / "bcos"), "a checkpoint", seconds=PATIENCE_SECONDS)
    running = store.get(job.id)
    assert (running.state, running.attempt) == (JobState.RUNNING, 1), "it has ended before it could be killed"
    kill(supervisor_process(supervised))
    kill(running.process)
    assert store.get(job.id).state == JobState.RUNNING  # nobody was left to say anything else
    assert not [path for path in supervised.models.iterdir() if not path.name.startswith(".")]
    last = last_complete_checkpoint(job.work / "bcos")
    assert last is not None

    assert ensure_supervisor(supervised)
    done = until(store, job, JobState.SUCCEEDED)
    assert (done.attempt, done.crashes) == (2, 1)
    log = store.log_tail(job.id, 1000)
    (begun,) = re.findall(r"Going on from checkpoint-(\d+)\.", log)
    assert 0 < int(begun) < max(points.curves["bcos/loss: distillation"])
    assert log.count("Perplexity of llama: ") == log.count("Calibrated on ") == 1  # nothing is done twice

    made = made_by(done).bcos
    assert made is not None
    assert made.metrics == pytest.approx(whole.bcos.metrics, rel=1e-4)
    assert made_by(done).original == pytest.approx(whole.original, rel=1e-5)
    ours, theirs = (load(one.checkpoint).model.state_dict() for one in (made, whole.bcos))
    for name, tensor in theirs.items():
        torch.testing.assert_close(ours[name], tensor, atol=1e-4, rtol=1e-3)
    curves = store.metrics(job.id)
    assert set(curves) == set(points.curves)
    for series, expected in points.curves.items():  # every point once, and none left out
        assert [step for step, _ in curves[series]] == sorted(expected)
        assert dict(curves[series]) == pytest.approx(expected, rel=1e-2)
    wait_until(lambda: not job.work.exists(), "the end of what it went on from")
