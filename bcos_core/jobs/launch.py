"""Starting and stopping the supervisor from another process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from bcos_core.errors import JobError, StorageError
from bcos_core.home import CHECKOUT, Home, get_home
from bcos_core.jobs.executors.executor import GRACE_SECONDS
from bcos_core.jobs.presence import supervisors
from bcos_core.jobs.store import JobStore
from bcos_core.jobs.supervisor_lock import supervisor_alive, supervisor_process

START_SECONDS = 30.0
STOP_SECONDS = GRACE_SECONDS + 10.0
POLL_SECONDS = 0.05


def supervisor_log(home: Home) -> Path:
    return home.root / "supervisor.log"


def ensure_supervisor(home: Home | None = None) -> bool:
    """Start a supervisor, detached from this process, if none runs, here or on another host; whether one was started.

    Returns when it runs.

    Raises:
        JobError: it did not start; the message names its log.
        StorageError: BCOS_HOME cannot be written.
    """
    home = (home or get_home()).create()
    if JobStore.open(home).supervisor_alive():
        return False
    log = supervisor_log(home)
    try:
        with log.open("ab") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", "bcos_core", "supervise"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=CHECKOUT,
                env={**os.environ, "BCOS_HOME": str(home.root)},
                start_new_session=True,  # a Ctrl-C in this terminal is not for it
            )
    except OSError as error:
        raise StorageError(f"The supervisor could not be started ({error}). Check who may write {log}.") from error
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        running = supervisor_process(home)
        if running is not None:  # this child, or one that was quicker; then the child leaves by itself
            return running.pid == child.pid
        if child.poll() is not None:
            if supervisor_alive(home):  # in another container, where its number says nothing here
                return False
            break
        time.sleep(POLL_SECONDS)
    raise JobError(f"The supervisor did not start. Its log says why: {log}")


def stop_supervisor(home: Home | None = None) -> bool:
    """Ask the supervisor of this host to end, and wait until it has; whether there was one.

    Its running jobs are stopped, and go on when a supervisor is started again.

    Raises:
        JobError: it has not ended in time, or cannot be reached from here.
    """
    home = home or get_home()
    process = supervisor_process(home)
    if process is None:
        if supervisor_alive(home):
            raise JobError(
                f"A supervisor runs for {home.root}, but on another machine or in another container. Stop it there."
            )
        for other in supervisors(JobStore.open(home).database):
            if other.seems_alive:
                raise JobError(f"The supervisor of these jobs runs on {other.host}. Stop it there.")
        return False
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while process.is_alive():
        if time.monotonic() >= deadline:
            raise JobError(f"The supervisor (process {process.pid}) has not ended in {STOP_SECONDS:.0f} seconds.")
        time.sleep(POLL_SECONDS)
    return True
