"""A job that several processes do: what it becomes when one of them fails, is killed, or all are stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch

from bcos_core import load
from bcos_core.errors import DatabaseUnreachableError, InputError, JobError
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs import together
from bcos_core.jobs.claims import claim
from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.launch import ensure_supervisor, stop_supervisor
from bcos_core.jobs.made import made_by
from bcos_core.jobs.store import JobStore
from bcos_core.model.info import read_info
from bcos_core.progress import SilentReporter
from bcos_core.train.callbacks import last_complete_checkpoint
from bcos_core.train.job import TRAIN
from bcos_core.train.pipeline import run_training
from bcos_core.train.spec import TrainSpec
from tests.jobs.waiting import wait_until
from tests.train.small_task import spec_of, write_inputs

PATIENCE_SECONDS = 300.0
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("inputs")
    return write_inputs(folder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


@pytest.fixture
def supervised(home: Home) -> Iterator[Home]:
    """One thread in every process that is started, so that sums are added in one order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield home
    stop_supervisor(home)


def spec_for_two(inputs: tuple[Path, Path], **changes: object) -> TrainSpec:
    spec = spec_of(inputs, twin=False, **changes)
    return TrainSpec(spec.model, spec.task, spec.recipe, processes=2)


def ranks_of(job: Job) -> dict[int, psutil.Process]:
    """The processes that do a job, by rank."""
    found = {}
    for process in psutil.Process(job.pid).children(recursive=True):
        rank = process.environ().get("RANK")
        if rank is not None:
            found[int(rank)] = process
    return found


def until_it_trains(store: JobStore, id: str) -> tuple[Job, dict[int, psutil.Process]]:
    """The job, and the processes that do it, when there is a checkpoint."""
    job = store.get(id)
    wait_until(lambda: last_complete_checkpoint(job.work / "bcos"), "a checkpoint", seconds=PATIENCE_SECONDS)
    running = store.get(id)
    assert running.state == JobState.RUNNING, "it has ended before anything could be done to it"
    ranks = ranks_of(running)
    assert sorted(ranks) == [0, 1]
    return running, ranks


def until(store: JobStore, id: str, *states: JobState) -> Job:
    def look() -> Job | None:
        present = store.get(id)
        return present if present.state in states else None

    return wait_until(look, f"job {states}", seconds=PATIENCE_SECONDS)


def wait_until_gone(processes: list[psutil.Process]) -> None:
    def gone() -> bool:
        return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)

    wait_until(gone, "the end of all processes")


def test_one_that_is_killed_makes_the_job_go_on_to_what_one_process_gives(
    supervised: Home, store: JobStore, inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    spec = spec_for_two(inputs, epochs=20.0)
    whole = run_training(
        spec, home=Home(tmp_path / "whole").create(), work=tmp_path / "work", job="j", reporter=SilentReporter()
    )
    assert whole.bcos is not None

    job, _ = TRAIN.submit(store, spec)
    assert ensure_supervisor(supervised)
    _, ranks = until_it_trains(store, job.id)
    os.kill(ranks[1].pid, signal.SIGKILL)
    wait_until_gone(list(ranks.values()))
    done = until(store, job.id, JobState.SUCCEEDED, JobState.FAILED)
    log = store.log_tail(job.id, 1000)
    assert (done.state, done.attempt, done.crashes) == (JobState.SUCCEEDED, 2, 1), (done.message, log)
    assert re.search(r"Going on from checkpoint-\d+\.", log) and log.count("Calibrated on ") == 1
    assert log.count("2 processes work together.") == 2
    made = made_by(done).bcos
    assert made is not None
    assert made.metrics == pytest.approx(whole.bcos.metrics, rel=1e-4)
    ours, theirs = (load(one.checkpoint).model.state_dict() for one in (made, whole.bcos))
    for name, tensor in theirs.items():
        # Two processes add up gradients in another order than one, and AdamW divides by what is near zero at first:
        # over twenty epochs the last digits become a difference that can be seen.
        torch.testing.assert_close(ours[name], tensor, atol=5e-4, rtol=1e-3)
    assert read_info(made.checkpoint).trained_by.words == ("Trained by 2 processes.",)
    assert len(list(supervised.models.iterdir())) == 1


def test_a_job_that_is_cancelled_ends_all_its_processes(
    supervised: Home, store: JobStore, inputs: tuple[Path, Path]
) -> None:
    job, _ = TRAIN.submit(store, spec_for_two(inputs, epochs=100.0))
    assert ensure_supervisor(supervised)
    running, ranks = until_it_trains(store, job.id)
    assert running.pid is not None
    everyone = [psutil.Process(running.pid), *ranks.values()]
    store.cancel(job.id)
    wait_until_gone(everyone)
    assert until(store, job.id, JobState.CANCELLED, JobState.FAILED).state == JobState.CANCELLED


def test_processes_end_with_the_one_that_started_them(
    supervised: Home, store: JobStore, inputs: tuple[Path, Path]
) -> None:
    """It is killed, and can tell them nothing: they would go on beside those of the next start."""
    job, _ = TRAIN.submit(store, spec_for_two(inputs, epochs=100.0))
    assert ensure_supervisor(supervised)
    running, ranks = until_it_trains(store, job.id)
    assert running.pid is not None
    os.kill(running.pid, signal.SIGKILL)
    wait_until_gone(list(ranks.values()))
    store.cancel(job.id)
    until(store, job.id, JobState.CANCELLED)


def typed(spec: TrainSpec, home: Home, **environment: str) -> subprocess.Popen[str]:
    """A training for two that a person types."""
    command = [sys.executable, "-m", "bcos_core", *TRAIN.command(spec), "--json"]
    assert "--processes=2" in command
    given = {**os.environ, "BCOS_HOME": str(home.root), "OMP_NUM_THREADS": "1", **environment}
    return subprocess.Popen(command, cwd=CHECKOUT, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def only_job(store: JobStore) -> Job:
    return wait_until(lambda: next(iter(store.list()), None), "a job", seconds=PATIENCE_SECONDS)


def test_ctrl_c_ends_both(home: Home, store: JobStore, inputs: tuple[Path, Path]) -> None:
    process = typed(spec_for_two(inputs, epochs=100.0), home)
    try:
        job, ranks = until_it_trains(store, only_job(store).id)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        wait_until_gone(list(ranks.values()))
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert json.loads(out.splitlines()[-1])["error"]["type"] == "JobCancelled"
    assert store.get(job.id).state == JobState.CANCELLED
    assert job.work.is_dir()  # from which it can go on


BROKEN = """
import os
if os.environ.get("RANK") == "1":
    from bcos_core.train import trainer
    def broken(*given):
        raise ValueError("the second GPU has fallen off the bus")
    trainer.BcosTrainer.pass_over = broken
"""


def test_a_process_that_fails_says_why_in_the_message_of_the_job(
    home: Home, store: JobStore, inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(BROKEN)
    path = os.pathsep.join([str(tmp_path), str(CHECKOUT)])  # the current folder is not known so early
    process = typed(spec_for_two(inputs), home, PYTHONPATH=path)
    try:
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
    job = only_job(store)
    assert process.returncode == 1, err
    assert job.state == JobState.FAILED
    assert job.message.startswith("Process 2 of 2: ") and "fallen off the bus" in job.message
    assert "in broken" in store.log_tail(job.id, 200)  # the traceback, for who can read it
    assert f"bcos: {job.message}" in err


def test_what_is_wrong_for_all_is_told_once_as_one_would(
    home: Home, store: JobStore, inputs: tuple[Path, Path]
) -> None:
    process = typed(spec_for_two(inputs, max_length=4096), home)
    try:
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
    assert process.returncode == 2, err  # bad input
    job = only_job(store)
    assert job.state == JobState.FAILED and "reads at most 512 tokens" in job.message


@pytest.mark.parametrize(
    ("codes", "reasons", "expected", "kind"),
    [
        # Killed from outside: the other one lost it, and said so first.
        ({0: 1, 1: -9}, {0: (1.0, "failed", "Connection closed")}, "Process 2 of 2 was ended by SIGKILL", JobError),
        # One that aborts has lost the other, which says why.
        ({0: -6, 1: 1}, {1: (1.0, "failed", "No space left")}, "Process 2 of 2: No space left", JobError),
        # Whoever still runs when one has failed is asked to end for it.
        ({1: 1, 0: -15}, {1: (1.0, "failed", "No space left")}, "Process 2 of 2: No space left", JobError),
        ({1: -9, 0: -15}, {}, "Process 2 of 2 was ended by SIGKILL", JobError),
        # A person asked one to end.
        ({1: -15, 0: -15}, {}, "Process 2 of 2 was ended by SIGTERM", JobError),
        # The first in time is the reason of all others.
        (
            {0: 1, 1: 1},
            {0: (2.0, "failed", "Connection closed"), 1: (1.0, "refused", "Bad data")},
            "Process 2 of 2: Bad data",
            InputError,
        ),
        ({1: 3}, {}, "Process 2 of 2 ended with exit code 3", JobError),
    ],
)
def test_whose_end_is_the_reason(
    store: JobStore,
    codes: dict[int, int],
    reasons: dict[int, tuple[float, str, str]],
    expected: str,
    kind: type[Exception],
) -> None:
    from bcos_core.jobs.lease import Lease
    from bcos_core.jobs.process import ProcessId

    job, _ = store.begin("train", "Train", {}, "k", ProcessId.current())
    told = {rank: together._Reason(*one) for rank, one in reasons.items()}
    error = together._settled(store, job, Lease(store, job.id, job.attempt), 2, codes, told)
    assert isinstance(error, kind) and str(error).startswith(expected)
    ended = store.get(job.id)
    assert ended.state == JobState.FAILED and ended.message.startswith(expected)


def test_a_database_that_is_away_is_no_fault_of_the_job(store: JobStore) -> None:
    from bcos_core.jobs.lease import Lease

    store.submit("train", "Train", {}, "k")
    job = claim(store, "cpu", Lane.LONG)
    assert job is not None
    told = {0: together._Reason(1.0, "away", "The database lab at db cannot be used.")}
    error = together._settled(store, job, Lease(store, job.id, job.attempt), 2, {0: 1, 1: -15}, told)
    assert isinstance(error, DatabaseUnreachableError)
    now = store.get(job.id)
    assert (now.state, now.crashes) == (JobState.QUEUED, 1) and "its database did not answer" in now.message


def test_a_launcher_of_ones_own_is_refused(monkeypatch: pytest.MonkeyPatch, inputs: tuple[Path, Path]) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(InputError, match="--processes N"):
        TRAIN.run_here(spec_for_two(inputs))


def test_as_many_processes_as_there_are_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "chosen_device", lambda: torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert [together.processes_here(wanted) for wanted in (1, 2, 8)] == [1, 2, 3]
    monkeypatch.setattr(together, "chosen_device", lambda: torch.device("cuda:1"))  # one that was named
    assert together.processes_here(8) == 1
    monkeypatch.setattr(together, "chosen_device", lambda: torch.device("cpu"))
    assert together.processes_here(8) == 8
