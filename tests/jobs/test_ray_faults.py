"""What a Ray cluster may do to jobs, one fault at a time, by stand-ins that answer as Ray's client does."""

from __future__ import annotations

import importlib.util
import platform
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bcos_core.home import Home
from bcos_core.jobs.claims import claim
from bcos_core.jobs.executors import ray, ray_client
from bcos_core.jobs.executors.executor import (
    CannotStart,
    Occupied,
    OutOfReach,
    OutOfSight,
    Room,
    Running,
    State,
)
from bcos_core.jobs.executors.ray import RayExecutor
from bcos_core.jobs.executors.ray_client import RayClient
from bcos_core.jobs.executors.settings import RaySettings
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.lease import Lease
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.pulse import Pulse
from bcos_core.jobs.store import Job, JobState, JobStore
from bcos_core.jobs.supervisor import Supervisor
from tests.jobs.waiting import wait_until

pytestmark = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")

ADDRESS = "http://127.0.0.1:9"
FOREIGN = ProcessId(host="node7", space="another machine/1", pid=7, started=7.0)
"""A process that cannot be looked up from here."""

Answer = Callable[[], Any]


def raising(error: Exception) -> Answer:
    def answer() -> Any:
        raise error

    return answer


def unanswered(method: str) -> Exception:
    import requests

    return requests.exceptions.ReadTimeout(request=requests.Request(method, ADDRESS).prepare())


def broken_off() -> Exception:
    import requests

    return requests.exceptions.ConnectionError("('Connection aborted.', RemoteDisconnected('without response'))")


KNOWN = SimpleNamespace(status="PENDING", driver_exit_code=None, message=None, error_type=None)
EXISTS = RuntimeError("Request failed with status code 500: ValueError: Job with submission_id x already exists.")
NO_AGENT = RuntimeError("Request failed with status code 500: No available agent to submit job, try again later..")
NOT_FOUND = RuntimeError("Request failed with status code 404: Job x does not exist.")


@pytest.mark.parametrize(
    ("submitted", "asked", "becomes"),
    [
        (lambda: "x", raising(AssertionError("not asked")), None),
        (raising(EXISTS), lambda: KNOWN, None),
        (raising(NO_AGENT), raising(NOT_FOUND), OutOfReach),
        (raising(NO_AGENT), lambda: KNOWN, None),
        (raising(broken_off()), lambda: KNOWN, None),
        (raising(broken_off()), raising(NOT_FOUND), OutOfReach),
        (raising(broken_off()), raising(broken_off()), OutOfReach),
        (raising(unanswered("POST")), raising(NOT_FOUND), None),  # it may still be on its way
        (raising(unanswered("PUT")), raising(NOT_FOUND), OutOfReach),  # of the code, which comes first
        (raising(ValueError("Package size 999MiB exceeds the limit")), lambda: None, CannotStart),
    ],
)
def test_a_submission_whose_answer_is_lost_is_found_by_its_id(
    submitted: Answer, asked: Answer, becomes: type[Exception] | None
) -> None:
    client = SimpleNamespace(submit_job=lambda **options: submitted(), get_job_info=lambda id: asked())
    submit = RayClient(client, ADDRESS).submit
    if becomes is None:
        submit("x", "exec true", {}, cpus=1, gpus=0)
    else:
        with pytest.raises(becomes):
            submit("x", "exec true", {}, cpus=1, gpus=0)


class StandIn:
    """A cluster that knows the ids that were submitted to it, until it loses them. `log` is what each has written."""

    def __init__(self) -> None:
        self.submitted: list[str] = []
        self.known: dict[str, Any] = {}
        self.log_of: Callable[[str], str | None] = lambda id: None
        self.follow: Callable[[str], AsyncIterator[str]] | None = None

    def connect(self, address: str) -> StandIn:
        return self

    def submit(self, id: str, entrypoint: str, environment: dict[str, Any], **options: Any) -> None:
        self.submitted.append(id)
        self.known[id] = SimpleNamespace(status="RUNNING", driver_exit_code=None, message=None, error_type=None)

    def info(self, id: str) -> Any:
        return self.known.get(id)

    def stop(self, id: str) -> None: ...

    def log(self, id: str) -> str | None:
        return self.log_of(id)

    def follow_log(self, id: str) -> AsyncIterator[str]:
        assert self.follow is not None
        return self.follow(id)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    monkeypatch.setattr(RayClient, "connect", stand_in.connect)
    monkeypatch.setattr(ray, "LOOK_SECONDS", 0.01)
    return stand_in


@pytest.fixture
def executor(home: Home, cluster: StandIn) -> Iterator[RayExecutor]:
    executor = RayExecutor(home, RaySettings(ADDRESS))
    yield executor
    executor.close()


def until(supervisor: Supervisor, condition: Callable[[], Any], what: str) -> None:
    wait_until(lambda: supervisor.tick() or condition(), what)


def submitted_job(store: JobStore) -> Job:
    return store.submit("count", "Counting", {}, "count")[0]


def test_a_job_that_a_cluster_loses_before_it_begins_is_submitted_again_however_often(
    store: JobStore, cluster: StandIn, executor: RayExecutor
) -> None:
    supervisor = Supervisor(store, executor=executor, lease_seconds=0.05)
    job = submitted_job(store)
    for attempt in range(1, 6):
        until(supervisor, lambda: f"bcos-{job.id}-{attempt}" in cluster.known, "the start")  # noqa: B023
        cluster.known.clear()
    until(supervisor, lambda: f"bcos-{job.id}-6" in cluster.known, "the last start")
    assert (store.get(job.id).state, store.get(job.id).crashes) == (JobState.RUNNING, 0)
    assert Lease(store, job.id, 6).begin(FOREIGN)
    cluster.known.clear()
    until(supervisor, lambda: store.get(job.id).attempt == 7, "the start after a crash")
    assert store.get(job.id).crashes == 1
    assert cluster.submitted == [f"bcos-{job.id}-{attempt}" for attempt in range(1, 8)]  # each of them once


@pytest.mark.parametrize(
    ("error_type", "failed"),
    [
        ("RUNTIME_ENV_SETUP_FAILURE", True),
        ("JOB_SUPERVISOR_ACTOR_UNSCHEDULABLE", True),
        (None, True),
        ("JOB_SUPERVISOR_ACTOR_DIED", False),
        ("JOB_SUPERVISOR_ACTOR_START_TIMEOUT", False),
    ],
)
def test_what_the_cluster_cannot_start_is_told_from_what_it_lost(
    error_type: str | None, failed: bool, store: JobStore, cluster: StandIn, executor: RayExecutor
) -> None:
    handle = begun(store, executor)
    (id,) = cluster.known
    cluster.known[id] = SimpleNamespace(status="FAILED", driver_exit_code=None, message="no", error_type=error_type)
    state = wait_until(lambda: isinstance(s := executor.state(handle), OutOfSight) and s, "the news")
    assert state == OutOfSight("the cluster lost it (no)", failed=failed)


class Told:
    """An executor whose one job is as the test says."""

    name = "told"
    outlives_supervisor = True
    now: State = Running()

    def room(self, lane: Lane, occupied: Occupied, *, wanted: int = 1) -> Room:
        return Room(() if occupied else ("told:1",))

    def start(self, job: Job, command: Sequence[str]) -> str:
        return "it"

    def adopt(self, job: Job) -> str | None:
        return None

    def state(self, handle: str) -> State:
        return self.now

    def stop(self, handle: str, *, at_once: bool = False) -> None: ...

    def forget(self, handle: str) -> None: ...

    def close(self) -> None: ...


def test_a_job_that_is_long_in_beginning_is_not_given_up_for_moments_out_of_sight(store: JobStore) -> None:
    """A cluster under load answers now and then too late, and a job that has not begun has no heartbeat."""
    now, executor = [0.0], Told()
    supervisor = Supervisor(store, executor=executor)
    supervisor._pulse = Pulse(15.0, clock=lambda: now[0])
    job = submitted_job(store)
    supervisor.tick()
    for moment in range(0, 100, 10):
        for second, state in ((0, OutOfSight("it is slow")), (5, Running())):
            now[0], executor.now = float(moment + second), state
            supervisor.tick()
    assert (store.get(job.id).state, store.get(job.id).attempt) == (JobState.RUNNING, 1)
    executor.now = OutOfSight("it is gone")
    for moment in (100, 114, 116):
        now[0] = float(moment)
        assert store.get(job.id).state == JobState.RUNNING
        supervisor.tick()
    assert (store.get(job.id).state, store.get(job.id).crashes) == (JobState.QUEUED, 0)


@pytest.mark.parametrize(("failed", "crashes"), [(False, 0), (True, 1)])
def test_a_start_that_the_cluster_calls_failed_is_counted_before_it_begins(
    failed: bool, crashes: int, store: JobStore
) -> None:
    executor = Told()
    supervisor = Supervisor(store, executor=executor, lease_seconds=0.0)
    job = submitted_job(store)
    supervisor.tick()
    executor.now = OutOfSight("the cluster lost it", failed=failed)
    until(supervisor, lambda: store.get(job.id).attempt == 2, "the next start")
    assert store.get(job.id).crashes == crashes


def test_what_is_cancelled_before_it_begins_and_forgotten_is_cancelled(store: JobStore) -> None:
    executor = Told()
    supervisor = Supervisor(store, executor=executor, lease_seconds=0.0)
    job = submitted_job(store)
    supervisor.tick()
    store.cancel(job.id)
    executor.now = OutOfSight("the cluster does not know it any more")
    until(supervisor, lambda: not store.get(job.id).active, "the end")
    assert store.get(job.id).state == JobState.CANCELLED


def begun(store: JobStore, executor: RayExecutor) -> str:
    """The handle of a job that was claimed and submitted, with the supervisor's line in its log."""
    job = submitted_job(store)
    claimed = claim(store, "ray:1", supervisor=platform.node(), executor="ray")
    assert claimed is not None and claimed.id == job.id
    claimed.folder.mkdir()
    claimed.log_path.write_text("--- Start 1, now\n")
    return executor.start(claimed, ["-m", "nothing"])


def log_of(home: Home) -> Path:
    (path,) = home.jobs.glob("*/job.log")
    return path


def test_a_late_answer_does_not_come_into_the_next_starts_part_of_the_log(
    store: JobStore, cluster: StandIn, executor: RayExecutor
) -> None:
    asked, may_answer = threading.Event(), threading.Event()

    def answer(id: str) -> str:
        asked.set()
        assert may_answer.wait(60.0)
        return "what the first start has said\n"

    cluster.log_of = answer
    handle = begun(store, executor)
    assert asked.wait(60.0)
    (thread,) = [one for one in threading.enumerate() if one.name.startswith("log of bcos-")]
    executor.forget(handle)
    log = log_of(store.home)
    with log.open("a") as file:
        file.write("--- Start 2, now\n")
    may_answer.set()
    thread.join(60.0)
    assert not thread.is_alive()
    assert log.read_text() == "--- Start 1, now\n--- Start 2, now\n"


def test_a_log_goes_on_after_every_broken_connection(
    store: JobStore, cluster: StandIn, executor: RayExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the connection, of an answer that nobody foresees, and of one that is cut within a line."""
    monkeypatch.setattr(ray, "SHORT_LOG_BYTES", 10)
    tellings = iter(
        [
            ["first line\n", OutOfReach("the cluster cannot be reached", "")],
            [OutOfReach("the cluster cannot be reached", "")],
            [ZeroDivisionError("an answer that nobody foresees")],
            ["first line\nsec", "ond", OutOfReach("the cluster cannot be reached", "")],
            ["first line\n", "second line ä\n", "third line\n"],
        ]
    )

    async def follow(id: str) -> AsyncIterator[str]:
        for told in next(tellings):
            if isinstance(told, Exception):
                raise told
            yield told
        cluster.known[id] = SimpleNamespace(status="SUCCEEDED", driver_exit_code=0, message=None, error_type=None)
        wait_until(lambda: executor._followed[handle]._ended_at is not None, "the news")

    cluster.log_of = lambda id: "first line\n"
    cluster.follow = follow
    handle = begun(store, executor)
    followed = executor._followed[handle]
    assert followed._log_is_whole.wait(60.0)
    assert log_of(store.home).read_text() == "--- Start 1, now\nfirst line\nsecond line ä\nthird line\n"


def test_a_log_that_is_broken_off_or_silent_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    import aiohttp

    monkeypatch.setattr(ray_client, "SILENCE_SECONDS", 0.05)
    no_handshake = aiohttp.WSServerHandshakeError(SimpleNamespace(real_url=ADDRESS), (), status=404)  # type: ignore[arg-type]
    ends = (aiohttp.ServerDisconnectedError(), no_handshake, RuntimeError("WebSocket closed with code 1006"), "silent")

    async def lines(end: Exception | str) -> list[str]:
        async def tail(id: str) -> AsyncIterator[str]:
            yield "a line\n"
            if isinstance(end, Exception):
                raise end
            await asyncio.sleep(3600.0)

        heard = []
        with pytest.raises(OutOfReach):
            async for line in RayClient(SimpleNamespace(tail_job_logs=tail), ADDRESS).follow_log("x"):
                heard.append(line)
        return heard

    for end in ends:
        assert asyncio.run(lines(end)) == ["a line\n"]
