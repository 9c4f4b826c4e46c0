"""Which process a row names, whoever looks: this one, one of another container, one from before the last boot."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bcos_core.errors import JobError
from bcos_core.home import Home
from bcos_core.jobs import process
from bcos_core.jobs.claims import active_jobs, settle_dead_foreground
from bcos_core.jobs.job import LEASE
from bcos_core.jobs.launch import stop_supervisor
from bcos_core.jobs.process import ProcessId, pid_space
from bcos_core.jobs.schema import JOBS
from bcos_core.jobs.store import Job, JobState, JobStore
from bcos_core.jobs.supervisor import Supervisor
from bcos_core.jobs.supervisor_lock import hold_supervisor_lock
from bcos_core.storage.types import utc_now


def elsewhere(job: Job, store: JobStore, *, silent: timedelta = timedelta(0)) -> None:
    """As if the job ran in another container of the same name, whose number nobody has here."""
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    columns = {"pid_space": f"{pid_space()}0", "pid": int(child.stdout), "heartbeat_at": utc_now() - silent}
    with store.database.write() as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(columns))


def begin(store: JobStore) -> Job:
    return store.begin("train", "Train", {}, "k", ProcessId.current())[0]


@pytest.mark.skipif(sys.platform != "linux", reason="PID namespaces are Linux's")
def test_a_number_counts_within_one_namespace_of_one_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    namespace = str(Path("/proc/self/ns/pid").readlink()).removeprefix("pid:[").removesuffix("]")
    assert pid_space() == f"{boot}/{namespace}"
    mine = ProcessId.current()
    assert mine.is_local and mine.is_alive()
    for other in (f"{boot}/{int(namespace) + 1}", f"{'0' * 36}/{namespace}"):
        assert not ProcessId(mine.host, other, mine.pid, mine.started).is_local
    monkeypatch.setattr(process, "_BOOT_ID", tmp_path / "nothing")
    pid_space.cache_clear()
    try:
        assert pid_space() == mine.host
    finally:
        pid_space.cache_clear()


def test_a_job_in_another_container_of_the_same_name_lives_by_its_heartbeat(store: JobStore) -> None:
    job = begin(store)
    elsewhere(job, store)
    assert store.get(job.id).seems_alive()
    settle_dead_foreground(store, active_jobs(store))
    Supervisor(store, devices=("cpu",)).tick()
    assert store.get(job.id).state == JobState.RUNNING
    assert store.cancel(job.id).state == JobState.RUNNING  # it is asked, and stops by itself
    elsewhere(job, store, silent=2 * LEASE)
    assert not store.get(job.id).seems_alive()


def test_a_process_of_which_no_space_was_stored_lives_by_its_heartbeat(store: JobStore) -> None:
    job = begin(store)
    with store.database.write() as connection:
        connection.execute(update(JOBS).values(pid_space=None, pid=2**22 + 1))
    assert store.get(job.id).process is None and store.get(job.id).seems_alive()


def test_a_supervisor_in_another_container_is_not_taken_for_none(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stop_supervisor(home.create()) is False
    with hold_supervisor_lock(home):
        monkeypatch.setattr(process, "pid_space", lambda: "another/1")
        with pytest.raises(JobError, match="on another machine or in another container. Stop it there"):
            stop_supervisor(home)
