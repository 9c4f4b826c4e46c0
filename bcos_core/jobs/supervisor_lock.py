"""At most one supervisor of a host for one BCOS_HOME: a lock that the kernel frees however its holder ends."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock, Timeout

from bcos_core.errors import JobError, StorageError
from bcos_core.home import Home
from bcos_core.jobs.process import ProcessId
from bcos_core.storage.stored_json import read_json, to_json

PATIENCE_SECONDS = 1.0
"""Longer than a look (`supervisor_alive`) holds the lock, so that a look never turns a supervisor away."""


@contextmanager
def hold_supervisor_lock(home: Home) -> Iterator[None]:
    """
    Raises:
        JobError: another process holds it.
        StorageError: BCOS_HOME cannot be written.
    """
    lock = FileLock(_lock_path(home), timeout=PATIENCE_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        holder = supervisor_process(home)
        number = f" (process {holder.pid})" if holder else ""
        raise JobError(f"A supervisor runs already for {home.root}{number}. One is enough.") from None
    except OSError as error:
        raise StorageError(f"Cannot write to {home.locks} ({error.strerror}). Check who may write there.") from error
    try:
        _process_path(home).write_text(to_json(asdict(ProcessId.current()), "The process"), encoding="utf-8")
        yield
    finally:
        _process_path(home).unlink(missing_ok=True)
        lock.release()


def supervisor_alive(home: Home) -> bool:
    """Whether a supervisor of this host runs for this home. Cheap: one attempt on the lock."""
    if not _lock_path(home).exists():
        return False
    try:
        with FileLock(_lock_path(home), blocking=False):
            return False
    except Timeout:
        return True


def supervisor_process(home: Home) -> ProcessId | None:
    """The process of the supervisor that runs on this host, None if none does or it runs in a container."""
    with suppress(StorageError):  # none, or one that was cut
        process = read_json(_process_path(home), ProcessId, error=StorageError, advice="Start the supervisor again.")
        if process.is_local and process.is_alive():
            return process
    return None


def _lock_path(home: Home) -> Path:
    return home.locks / f"supervisor-{_host_in_a_name()}.lock"


def _process_path(home: Home) -> Path:
    return home.locks / f"supervisor-{_host_in_a_name()}.json"


def _host_in_a_name() -> str:
    """Hosts that share a home have a lock each."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", platform.node())
