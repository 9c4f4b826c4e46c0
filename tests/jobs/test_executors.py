"""What an executor promises, kept by each of them: processes here, Ray Jobs on a cluster with a token, batch jobs of
Slurm."""

from __future__ import annotations

import importlib.util
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.claims import claim
from bcos_core.jobs.executors import slurm_client
from bcos_core.jobs.executors.executor import CannotStart, Ended, Executor, OutOfReach, OutOfSight
from bcos_core.jobs.executors.local import LocalExecutor
from bcos_core.jobs.executors.settings import RaySettings, SlurmSettings
from bcos_core.jobs.executors.slurm import SlurmExecutor
from bcos_core.jobs.executors.slurm_client import CannotEnd
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.lease import Lease
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.store import Job, JobState, JobStore
from bcos_core.jobs.supervisor import Supervisor
from tests.jobs.counting_job import COUNT, RUNNER, CountSpec
from tests.jobs.ray_cluster import RayCluster
from tests.jobs.slurm_cluster import SlurmCluster
from tests.jobs.waiting import wait_until

pytestmark = pytest.mark.timeout(600)


Cluster = TypeVar("Cluster", RayCluster, SlurmCluster)


def running(cluster: Cluster) -> Iterator[Cluster]:
    """With what its clients need in the environment, until it is done with."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.end()


@pytest.fixture(scope="session")
def cluster() -> Iterator[RayCluster]:
    """Its token is in the environment, and Ray has read it, whichever test has imported Ray before."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    from ray._private.authentication_test_utils import reset_auth_token_state

    for cluster in running(RayCluster()):
        reset_auth_token_state()  # Ray reads it once
        yield cluster
    reset_auth_token_state()


@pytest.fixture(scope="session")
def slurm() -> Iterator[SlurmCluster]:
    if SlurmCluster.lack():
        pytest.skip(SlurmCluster.lack())
    yield from running(SlurmCluster())


def ray_executor(home: Home, cluster: RayCluster, **options: Any) -> Executor:
    from bcos_core.jobs.executors.ray import RayExecutor

    return RayExecutor(home, RaySettings(cluster.address, python=sys.executable, **options))


Make = Callable[[], Supervisor]


@pytest.fixture(params=["local", "ray", "slurm"])
def make(request: pytest.FixtureRequest, store: JobStore) -> Iterator[Make]:
    """Supervisors with one executor of each kind; all are ended afterwards, and nothing runs on."""
    made: list[Supervisor] = []

    def supervisor() -> Supervisor:
        if request.param == "local":
            executor: Executor = LocalExecutor(store.home, devices=("cpu",))
        elif request.param == "slurm":
            request.getfixturevalue("slurm")
            executor = SlurmExecutor(store.home, SlurmSettings())
        else:
            executor = ray_executor(store.home, request.getfixturevalue("cluster"))
        made.append(Supervisor(store, executor=executor, runner=RUNNER, grace_seconds=5.0))
        return made[-1]

    yield supervisor
    for job in store.list(active=True):
        store.cancel(job.id)
    if made:
        wait_until(lambda: made[-1].tick() or not store.list(active=True).any, "the end of all jobs")
    for one in made:
        one._shut_down()


def submit(store: JobStore, trace: Path, *, units: int = 20, seconds: float = 0.02, **options: Any) -> Job:
    return COUNT.submit(store, CountSpec(str(trace), units, seconds, **options))[0]


def lines(trace: Path, word: str) -> list[list[str]]:
    text = trace.read_text() if trace.exists() else ""
    return [line.split()[1:] for line in text.splitlines() if line.split()[:1] == [word]]


STILL_SECONDS = {True: 180.0, False: 30.0}
"""How long nothing may change of a job that is active, and of one that has ended."""


def until(supervisor: Supervisor, condition: Callable[[Job], Any], job: Job, what: str) -> Job:
    """Tick for as long as anything goes on: on a busy machine a cluster takes its time."""
    seen: tuple[Any, ...] = ()
    since = time.monotonic()
    while True:
        supervisor.tick()
        present = supervisor.store.get(job.id)
        if condition(present):
            return present
        now = (present, len(supervisor._watched), supervisor.store.log_tail(job.id, 1))
        if now != seen:
            seen, since = now, time.monotonic()
        told = f"{what}: the job is {present.state} ({present.message!r}), start {present.attempt}"
        log = supervisor.store.log_tail(job.id, 20)
        assert time.monotonic() - since < STILL_SECONDS[present.active], f"{told}; its log:\n{log}"
        time.sleep(0.02)


def ended(job: Job) -> bool:
    return not job.active


def assert_counted_once(store: JobStore, job: Job, units: int) -> None:
    (counted,) = job.artefacts
    assert Path(counted).read_text().split() == [str(number) for number in range(units)]
    assert store.metrics(job.id) == {"count/square": [(number, float(number**2)) for number in range(units)]}


def test_a_job_runs_to_its_end_and_its_log_is_here(make: Make, store: JobStore, tmp_path: Path) -> None:
    supervisor = make()
    job = submit(store, tmp_path / "trace", units=60, seconds=0.05)
    running = until(supervisor, lambda job: bool(lines(tmp_path / "trace", "unit")), job, "the work")
    assert running.supervisor == running.host == platform.node()
    assert running.executor == supervisor._executor.name and running.handle and running.device
    until(supervisor, lambda job: "Counting" in store.log_tail(job.id), job, "the log")
    job = until(supervisor, ended, job, "the end")
    assert (job.state, job.attempt, job.crashes, job.result) == (JobState.SUCCEEDED, 1, 0, {"total": 60})
    assert_counted_once(store, job, 60)
    until(supervisor, lambda job: not supervisor._watched, job, "the process's end")
    log = store.log_tail(job.id).splitlines()
    assert log[0].startswith("--- Start 1, ")
    assert [line for line in log if line.startswith("[")] == ["[1/2] Getting ready", "[2/2] Counting"]


@pytest.mark.parametrize(("fail", "words"), [("input", "no column 'text'"), ("bug", "ZeroDivisionError")])
def test_a_failing_job_says_why(make: Make, store: JobStore, tmp_path: Path, fail: str, words: str) -> None:
    supervisor = make()
    job = until(supervisor, ended, submit(store, tmp_path / "trace", fail=fail), "the end")
    assert job.state == JobState.FAILED and words in job.message and job.attempt == 1
    until(supervisor, lambda job: not supervisor._watched, job, "the process's end")
    assert words.split()[-1] in store.log_tail(job.id)  # of a bug, the traceback too


def test_a_command_that_ends_before_its_job_is_not_started_again(make: Make, store: JobStore, tmp_path: Path) -> None:
    supervisor = make()
    supervisor._runner = (*RUNNER, "--no-such-option")
    job = until(supervisor, ended, submit(store, tmp_path / "trace"), "the end")
    assert job.attempt == 1 and "exit code 2" in job.message and "--no-such-option" in job.message


def test_cancel_ends_grandchildren_too(make: Make, store: JobStore, tmp_path: Path) -> None:
    supervisor, trace = make(), tmp_path / "trace"
    job = submit(store, trace, grandchild=True, deaf=True, units=10_000, seconds=60.0)
    until(supervisor, lambda job: bool(lines(trace, "grandchild")), job, "the grandchildren")
    family = [ProcessId.of(int(pid)) for pid in lines(trace, "grandchild")[0]]
    assert all(process.is_alive() for process in family)
    store.cancel(job.id)
    job = until(supervisor, ended, job, "the end")
    assert (job.state, job.message) == (JobState.CANCELLED, "Cancelled.")
    wait_until(lambda: not any(process.is_alive() for process in family), "the grandchildren's end")


def test_a_killed_job_goes_on_without_loss_or_duplicate(make: Make, store: JobStore, tmp_path: Path) -> None:
    supervisor, trace = make(), tmp_path / "trace"
    job = submit(store, trace, units=40, seconds=0.05)
    until(supervisor, lambda job: ["5"] in lines(trace, "unit"), job, "the work")
    os.kill(int(lines(trace, "start")[0][1]), signal.SIGKILL)
    job = until(supervisor, ended, job, "the end")
    assert (job.state, job.attempt, job.crashes) == (JobState.SUCCEEDED, 2, 1)
    assert_counted_once(store, job, 40)


def test_a_next_supervisor_watches_over_what_the_last_one_started(make: Make, store: JobStore, tmp_path: Path) -> None:
    first, trace = make(), tmp_path / "trace"
    job = submit(store, trace, units=100, seconds=0.05)
    until(first, lambda job: "Counting" in store.log_tail(job.id), job, "the log")
    for executor in first._executors.values():
        executor.close()  # as a killed one does, it looks no more
    job = until(make(), ended, job, "the end")
    assert (job.state, job.attempt, len(lines(trace, "start"))) == (JobState.SUCCEEDED, 1, 1)
    assert_counted_once(store, job, 100)
    assert store.log_tail(job.id).count("[2/2] Counting") == 1  # brought once


def test_an_older_start_writes_nothing_any_more(store: JobStore) -> None:
    job, _ = store.submit("count", "", {}, "k")
    first = claim(store, "ray:1", supervisor="gone", executor="ray")
    assert first is not None
    old = Lease(store, job.id, first.attempt)
    assert old.begin(ProcessId.current())
    store.cancel(job.id)
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE jobs SET state = 'queued', cancel_requested = false")
    second = claim(store, "ray:1", supervisor="gone", executor="ray")
    assert second is not None and second.attempt == 2
    before = store.get(job.id)
    assert not old.begin(ProcessId.current()) and not old.beat({"progress": 0.9}) and not old.fail("no")
    assert not old.succeed({"total": 1}, []) and not old.give_up()
    assert store.get(job.id) == before and store.metrics(job.id) == {}


def test_the_cluster_of_the_tests_is_reached_from_this_machine_alone(cluster: RayCluster) -> None:
    heard = cluster.listens_at()
    assert heard and all(address.is_loopback for address in heard), heard


def test_a_start_is_submitted_once(cluster: RayCluster, store: JobStore, tmp_path: Path) -> None:
    executor = ray_executor(store.home, cluster)
    submit(store, tmp_path / "trace", units=1)
    job = claim(store, "ray:1", supervisor=platform.node(), executor="ray")
    assert job is not None
    job.folder.mkdir()
    job.log_path.touch()
    command = [*RUNNER, job.id, "--attempt", "1"]
    assert executor.start(job, command) == executor.start(job, command)
    wait_until(lambda: store.get(job.id).state == JobState.SUCCEEDED, "the end", seconds=120.0)
    assert len(lines(tmp_path / "trace", "start")) == 1
    executor.close()


def test_what_the_cluster_has_no_room_for_says_what_it_waits_for(
    cluster: RayCluster, store: JobStore, tmp_path: Path
) -> None:
    executor = ray_executor(store.home, cluster, cpus=64, gpus=1)
    supervisor = Supervisor(store, executor=executor, runner=RUNNER)
    job = submit(store, tmp_path / "trace")
    job = until(supervisor, lambda job: bool(job.message), job, "the message")
    assert job.state == JobState.RUNNING
    assert job.message == "Waits for room on the cluster: it wants 64 cores and 1 GPU."
    store.cancel(job.id)
    job = until(supervisor, ended, job, "the end")
    assert job.state == JobState.CANCELLED and not lines(tmp_path / "trace", "start")
    supervisor._shut_down()


def test_a_dead_cluster_is_said_and_nothing_is_lost(cluster: RayCluster, store: JobStore, tmp_path: Path) -> None:
    from bcos_core.jobs.executors.ray import RayExecutor

    job = submit(store, tmp_path / "trace")
    dead = RaySettings("http://127.0.0.1:9", python=sys.executable)
    supervisor = Supervisor(store, executor=RayExecutor(store.home, dead), runner=RUNNER)
    job = until(supervisor, lambda job: bool(job.message), job, "the message")
    assert (job.state, job.attempt) == (JobState.QUEUED, 0)
    assert job.message.startswith("The cluster at http://127.0.0.1:9 cannot be reached. Check that it runs")
    supervisor._shut_down()


def test_a_wrong_token_is_said(cluster: RayCluster) -> None:
    program = "import sys; from bcos_core.jobs.executors.ray_client import RayClient; RayClient.connect(sys.argv[1])"
    answer = subprocess.run(
        [sys.executable, "-c", program, cluster.address],
        env={**os.environ, "RAY_AUTH_TOKEN": "f" * 64},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    last = answer.stderr.strip().splitlines()[-1]
    assert f"OutOfReach: The cluster at {cluster.address} refuses the token. Give the one of the cluster" in last


def test_a_log_that_is_long_comes_whole(cluster: RayCluster, store: JobStore, tmp_path: Path) -> None:
    """Longer than is asked for whole: the beginning by one way, the rest by the other, each line once."""
    executor = ray_executor(store.home, cluster)
    submit(store, tmp_path / "trace")
    job = claim(store, "ray:1", supervisor=platform.node(), executor="ray")
    assert job is not None
    job.folder.mkdir()
    job.log_path.write_text("--- Start 1, now\n")
    program = "import time\nfor n in range(6000):\n    print(f'line {n} ä', flush=True)\n    n % 600 or time.sleep(0.5)"
    handle = executor.start(job, ["-c", program])
    state = wait_until(lambda: isinstance(s := executor.state(handle), Ended) and s, "the end", seconds=180.0)
    assert state == Ended("it ended with exit code 0", 0)
    told = [line for line in job.log_path.read_text().splitlines() if line.startswith("line ")]
    assert told == [f"line {n} ä" for n in range(6000)]
    executor.close()


def test_a_lost_head_leaves_a_job_that_goes_on_when_there_is_one_again(
    cluster: RayCluster, store: JobStore, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    executor = ray_executor(store.home, cluster)
    supervisor = Supervisor(store, executor=executor, runner=RUNNER)
    job = submit(store, trace, units=200, seconds=0.05)
    until(supervisor, lambda job: ["5"] in lines(trace, "unit"), job, "the work")
    pid = int(lines(trace, "start")[0][1])
    cluster.lose_head()
    try:
        job = until(supervisor, lambda job: job.state == JobState.QUEUED, job, "the loss")
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        assert (job.attempt, job.crashes) == (1, 1)
        job = until(supervisor, lambda job: "cannot be reached" in job.message, job, "the words")
    finally:
        cluster.start()
    job = until(supervisor, ended, job, "the end")
    # A cluster that has just come back may refuse a submission once more: that start is none.
    assert (job.state, job.crashes, len(lines(trace, "start"))) == (JobState.SUCCEEDED, 1, 2)
    assert_counted_once(store, job, 200)
    supervisor._shut_down()


def test_what_slurm_does_not_take_fails_in_its_words(slurm: SlurmCluster, store: JobStore, tmp_path: Path) -> None:
    executor = SlurmExecutor(store.home, SlurmSettings(further=("--partition=moon",)))
    supervisor = Supervisor(store, executor=executor, runner=RUNNER)
    job = until(supervisor, ended, submit(store, tmp_path / "trace"), "the end")
    assert job.state == JobState.FAILED and "does not take the job" in job.message and "partition" in job.message
    supervisor._shut_down()


def test_what_slurm_has_no_room_for_says_what_it_waits_for(
    slurm: SlurmCluster, store: JobStore, tmp_path: Path
) -> None:
    executor = SlurmExecutor(store.home, SlurmSettings(further=("--hold",)))
    supervisor = Supervisor(store, executor=executor, runner=RUNNER)
    job = submit(store, tmp_path / "trace")
    job = until(supervisor, lambda job: bool(job.message), job, "the message")
    assert job.message == "Waits for room on the cluster: it wants 1 core (JobHeldUser)."
    store.cancel(job.id)
    job = until(supervisor, ended, job, "the end")
    assert job.state == JobState.CANCELLED and not lines(tmp_path / "trace", "start")
    supervisor._shut_down()


def test_a_lost_controller_harms_no_job_and_new_ones_wait(slurm: SlurmCluster, store: JobStore, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    supervisor = Supervisor(store, executor=SlurmExecutor(store.home, SlurmSettings()), runner=RUNNER)
    job = submit(store, trace, units=400, seconds=0.05)
    until(supervisor, lambda job: ["5"] in lines(trace, "unit"), job, "the work")
    slurm.lose("slurmctld")
    try:
        other = submit(store, tmp_path / "other", units=1)
        other = until(supervisor, lambda job: bool(job.message), other, "the words")
        assert other.state == JobState.QUEUED and other.attempt == 0
        assert "controller does not answer" in other.message or "has not answered squeue" in other.message
    finally:
        slurm.start()
    job = until(supervisor, ended, job, "the end")
    # A controller that had not written down that it has begun the job begins it again: the database refuses that.
    assert (job.state, job.attempt, job.crashes) == (JobState.SUCCEEDED, 1, 0)
    assert_counted_once(store, job, 400)
    other = until(supervisor, ended, other, "the other's end")
    assert (other.state, other.attempt) == (JobState.SUCCEEDED, 1)
    supervisor._shut_down()


def test_a_place_that_the_cluster_takes_back_costs_a_job_nothing(
    slurm: SlurmCluster, store: JobStore, tmp_path: Path
) -> None:
    """As at the end of its time, or for another's sake: SIGTERM first, after which the job itself goes back."""
    trace = tmp_path / "trace"
    supervisor = Supervisor(store, executor=SlurmExecutor(store.home, SlurmSettings()), runner=RUNNER)
    job = submit(store, trace, units=100, seconds=0.05)
    for attempt in range(1, 5):  # more often than a job may crash
        until(supervisor, lambda job: len(lines(trace, "start")) == attempt, job, "the start")  # noqa: B023
        done = len(lines(trace, "unit"))
        until(supervisor, lambda job: len(lines(trace, "unit")) > done, job, "the work")  # noqa: B023
        subprocess.run(["scancel", f"--name=bcos-{job.id}-{attempt}"], check=True)
    job = until(supervisor, ended, job, "the end")
    assert (job.state, job.attempt, job.crashes) == (JobState.SUCCEEDED, 5, 0)
    assert_counted_once(store, job, 100)
    supervisor._shut_down()


def test_what_slurm_does_not_end_is_told_again(
    home: Home, slurm: SlurmCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def cancel(name: str, *, at_once: bool = False) -> None:
        asked.append(name)
        if len(asked) == 1:
            raise CannotEnd("Access/permission denied")

    monkeypatch.setattr("bcos_core.jobs.executors.slurm_client.cancel", cancel)
    executor = SlurmExecutor(home, SlurmSettings())
    executor._follow("bcos-x-1")
    executor.stop("bcos-x-1")
    wait_until(lambda: len(asked) == 2, "the second time")
    executor.close()


def test_what_a_job_says_passes_through_slurm_with_a_sign_of_its_own_in_the_path(
    slurm: SlurmCluster, store: JobStore, tmp_path: Path
) -> None:
    executor = SlurmExecutor(store.home, SlurmSettings())
    submit(store, tmp_path / "trace")
    job = claim(store, "slurm:1", supervisor=platform.node(), executor="slurm")
    assert job is not None
    job = replace(job, folder=tmp_path / "100%j of it's")
    job.folder.mkdir()
    handle = executor.start(job, ["-c", "import sys; print('ä \"$HOME\"'); sys.exit(7)"])
    state = wait_until(lambda: isinstance(s := executor.state(handle), Ended) and s, "the end", seconds=60.0)
    assert state == Ended("it ended with exit code 7", 7)
    assert job.log_path.read_text() == 'ä "$HOME"\n'
    executor.close()


def scontrol(*words: str) -> None:
    subprocess.run(["scontrol", *words], check=True, capture_output=True)


def test_a_cluster_that_takes_no_job_now_is_waited_for(slurm: SlurmCluster, store: JobStore, tmp_path: Path) -> None:
    """As one that is drained before it is mended. It is asked now and then, not with every look of a supervisor."""
    supervisor = Supervisor(store, executor=SlurmExecutor(store.home, SlurmSettings()), runner=RUNNER)
    scontrol("update", "partitionname=main", "state=drain")
    try:
        job, other = (submit(store, tmp_path / name, units=1) for name in ("trace", "other"))
        job = until(supervisor, lambda job: bool(job.message), job, "the words")
        for _ in range(50):
            supervisor.tick()
        job, other = store.get(job.id), store.get(other.id)
    finally:
        scontrol("update", "partitionname=main", "state=up")
    assert job.state == other.state == JobState.QUEUED and job.attempt + other.attempt == 1
    assert job.message == other.message
    assert job.message.startswith("The cluster takes no job now (") and "inactive or drain" in job.message
    for one in (job, other):
        one = until(supervisor, ended, one, "the end")
        assert (one.state, one.crashes) == (JobState.SUCCEEDED, 0)
    supervisor._shut_down()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Batch job submission failed: Unable to contact slurm controller (connect failure)", "does not answer"),
        ("Batch job submission failed: Slurm backup controller in standby mode", "does not answer"),
        ("Batch job submission failed: Protocol authentication error", "do not know each other"),
        ("Batch job submission failed: Required partition not available (inactive or drain)", "takes no job now"),
        (
            "QOSMaxSubmitJobPerUserLimit\nBatch job submission failed: Job violates accounting/QOS policy (job submit "
            "limit, user's size and/or time limits)",
            "takes no job now (QOSMaxSubmitJobPerUserLimit; Batch job",
        ),
        (
            "AssocMaxWallDurationPerJobLimit\nBatch job submission failed: Job violates accounting/QOS policy (job "
            "submit limit, user's size and/or time limits)",
            "",
        ),
        ("invalid partition specified: moon\nBatch job submission failed: Invalid partition name specified", ""),
    ],
)
def test_what_passes_is_told_from_what_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, expected: str
) -> None:
    """By the words of Slurm's own table of errors (`slurm_strerror`); without `expected` the job fails."""
    printed = "".join(f"echo 'sbatch: error: {line}' >&2\n" for line in said.replace("'", "").split("\n"))
    (tmp_path / "sbatch").write_text(f"#!/bin/sh\n{printed}exit 1\n")
    (tmp_path / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(OutOfReach if expected else CannotStart) as refused:
        slurm_client.submit("bcos-x-1", [], "true", os.environ)
    assert expected in str(refused.value)
    assert said.split("\n")[0].replace("'", "") in str(refused.value)


def test_a_cluster_that_is_full_says_so_before_it_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, script in (
        (
            "sbatch",
            "echo 'sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying' >&2; exec sleep 60",
        ),
        ("squeue", "true"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(slurm_client, "ANSWER_SECONDS", 2.0)
    with pytest.raises(OutOfReach, match="takes no job now .Slurm temporarily unable to accept job"):
        slurm_client.submit("bcos-x-1", [], "true", os.environ)


def test_what_the_cluster_has_halted_says_so(slurm: SlurmCluster, store: JobStore, tmp_path: Path) -> None:
    supervisor = Supervisor(store, executor=SlurmExecutor(store.home, SlurmSettings()), runner=RUNNER)
    job = submit(store, tmp_path / "trace", units=100, seconds=0.05)
    until(supervisor, lambda job: bool(lines(tmp_path / "trace", "unit")), job, "the work")
    (id,) = subprocess.run(
        ["squeue", "--noheader", f"--name=bcos-{job.id}-1", "--format=%i"], check=True, capture_output=True, text=True
    ).stdout.split()
    scontrol("suspend", id)
    job = until(supervisor, lambda job: bool(job.message), job, "the words")
    assert job.message == "Waits for the cluster, which has halted it (suspended)." and job.state == JobState.RUNNING
    scontrol("resume", id)
    job = until(supervisor, ended, job, "the end")
    assert (job.state, job.attempt, job.message) == (JobState.SUCCEEDED, 1, "")
    assert_counted_once(store, job, 100)
    supervisor._shut_down()


def test_a_machine_that_has_no_folder_of_the_job_is_said(slurm: SlurmCluster, store: JobStore, tmp_path: Path) -> None:
    executor = SlurmExecutor(store.home, SlurmSettings())
    submit(store, tmp_path / "trace")
    job = claim(store, "slurm:1", supervisor=platform.node(), executor="slurm")
    assert job is not None
    handle = executor.start(replace(job, folder=tmp_path / "nowhere"), ["-c", "pass"])
    state = wait_until(lambda: isinstance(s := executor.state(handle), Ended) and s, "the end", seconds=60.0)
    assert state == Ended(
        f"a machine of the cluster could not begin it, as one that cannot write in {store.home.jobs}", None
    )
    executor.close()


def test_places_on_a_cluster_keep_one_for_short_jobs(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from bcos_core.jobs.executors.ray import RayExecutor

    monkeypatch.setattr("bcos_core.jobs.executors.ray_client.RayClient.connect", lambda address: None)
    settings = RaySettings("http://127.0.0.1:9", jobs=3)
    executor = RayExecutor(home, settings)
    assert list(executor.room(Lane.LONG, set()).places) == ["ray:1", "ray:2"]
    assert list(executor.room(Lane.LONG, {("ray:1", Lane.LONG), ("ray:2", Lane.LONG)}).places) == []
    assert list(executor.room(Lane.SHORT, {("ray:1", Lane.LONG), ("ray:2", Lane.LONG)}).places) == ["ray:3"]
    assert list(executor.room(Lane.LONG, {("ray:2", Lane.SHORT)}).places) == ["ray:1"]
    alone = RayExecutor(home, replace(settings, jobs=1))
    assert list(alone.room(Lane.LONG, set()).places) == ["ray:1"]


def test_a_handle_that_an_executor_never_gave_is_out_of_sight(home: Home) -> None:
    assert isinstance(LocalExecutor(home).state("nothing"), OutOfSight)
