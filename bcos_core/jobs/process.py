"""Processes: telling whether one still lives, and ending one with everything it started."""

from __future__ import annotations

import functools
import os
import platform
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PID_NAMESPACE = Path("/proc/self/ns/pid")
DATABASE_AWAY = os.EX_TEMPFAIL
"""The exit code of a job's process that could not tell how it ended, since the database did not answer."""


@dataclass(frozen=True)
class ProcessId:
    """One process, told apart from every other one that has the same number.

    `space` is where the number means something (see `pid_space`). `started` is in seconds after the machine's boot:
    unlike a time of day it does not move when the clock is set. `host` is for a person to read.
    """

    host: str
    space: str
    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        """
        Raises:
            ProcessLookupError: there is no such process.
        """
        started = _start_of(pid)
        if started is None:
            raise ProcessLookupError(f"No process has the number {pid}.")
        return cls(host=platform.node(), space=pid_space(), pid=pid, started=started)

    @classmethod
    def current(cls) -> ProcessId:
        return cls.of(os.getpid())

    def columns(self) -> dict[str, str | int | float]:
        """The columns of a job's row that name its process."""
        return {"host": self.host, "pid_space": self.space, "pid": self.pid, "pid_started": self.started}

    @property
    def is_local(self) -> bool:
        """Whether this process can look it up: its number is one of those that count here."""
        return self.space == pid_space()

    def is_alive(self) -> bool:
        """Whether it runs here. A zombie (ended, not yet collected by its parent) does not."""
        return self.owns_number() and not _is_zombie(self.pid)

    def owns_number(self) -> bool:
        """Whether its number is still its own, as a running process or as a zombie."""
        started = _start_of(self.pid)
        # The boot time has whole seconds, and may be rounded to the next one between two readings.
        return started is not None and abs(started - self.started) < 1.5


@functools.cache
def pid_space() -> str:
    """Names the numbers of processes that this process sees: the kernel's boot, and the PID namespace.

    Containers on one machine may all have its name, and each counts its processes from 1. Where the kernel tells
    neither (it is not Linux), the machine's name has to do.
    """
    try:
        return f"{_BOOT_ID.read_text(encoding='ascii').strip()}/{_PID_NAMESPACE.stat().st_ino}"
    except OSError:
        return platform.node()


def _start_of(pid: int) -> float | None:
    """Seconds from boot to the start of a process, None if there is none."""
    try:
        return psutil.Process(pid).create_time() - psutil.boot_time()
    except psutil.Error:
        return None


def _is_zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.Error:
        return True


def exit_in_words(code: int | None) -> str:
    """How a process ended: `code` as `subprocess` gives it, None for one that was not a child."""
    if code is None:
        return "it ended unseen"
    if code == DATABASE_AWAY:
        return "its database did not answer"
    if code >= 0:
        return f"it ended with exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    hint = ", which is often the system running out of memory" if name == "SIGKILL" else ""
    return f"it was ended by {name}{hint}"


class JobProcess:
    """The process of a job, leader of a process group of its own.

    It is a child of this process, or one that an earlier supervisor started (`child` is None).
    """

    def __init__(self, identity: ProcessId, child: subprocess.Popen[bytes] | None = None) -> None:
        self.identity = identity
        self._child = child
        self._descendants: set[psutil.Process] = set()

    def is_alive(self) -> bool:
        return self.identity.is_alive()

    def ask_to_stop(self) -> None:
        """SIGTERM to the process and everything in its group."""
        self._remember_descendants()
        self._signal_group(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to the process, its group, and descendants that have left the group."""
        self._remember_descendants()
        self._signal_group(signal.SIGKILL)
        for process in self._descendants:
            with suppress(psutil.Error):  # psutil compares start times: a reused number is left alone
                process.kill()

    def collect(self) -> int | None:
        """Ends what an ended process left behind; its exit code, if it was a child of this one.

        The group is ended before the child is collected: until then its number cannot be given away.
        """
        self.kill()
        return self._child.wait() if self._child is not None else None

    def _remember_descendants(self) -> None:
        if self.is_alive():
            with suppress(psutil.Error):
                self._descendants.update(psutil.Process(self.identity.pid).children(recursive=True))

    def _signal_group(self, number: signal.Signals) -> None:
        if self.identity.owns_number():
            with suppress(ProcessLookupError, PermissionError):  # macOS refuses a group of zombies
                os.killpg(self.identity.pid, number)
            return
        # The leader is gone and collected, so its number may be another process's by now: look at each one.
        for process in _group_left_behind(self.identity):
            with suppress(psutil.Error):
                process.send_signal(number)


def _group_left_behind(leader: ProcessId) -> list[psutil.Process]:
    """The processes that a dead leader's group still has: those in it that are younger than the leader."""
    members = []
    for pid in psutil.pids():
        with suppress(OSError, psutil.Error):
            started = _start_of(pid)
            if os.getpgid(pid) == leader.pid != pid and started is not None and started >= leader.started:
                members.append(psutil.Process(pid))
    return members
