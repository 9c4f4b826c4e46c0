"""Jobs as processes of this machine, each in a process group of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property

import psutil

from bcos_core.errors import JobError
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.devices import (
    CPU,
    device_environment,
    joined_devices,
    lack_of_room,
    single_devices,
    visible_devices,
)
from bcos_core.jobs.executors.executor import CannotStart, Ended, Occupied, OutOfSight, Room, Running, State
from bcos_core.jobs.job import Job
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.process import JobProcess, ProcessId, exit_in_words
from bcos_core.storage.stored_json import decode_json, to_json

LOOK_FOR_ROOM_SECONDS = 5.0
CPU_NICENESS = {Lane.SHORT: 5, Lane.LONG: 10}
"""Pages answer first, then somebody waits for a short job."""


class LocalExecutor:
    """On each device of this machine one job of either lane at a time."""

    name = "local"
    outlives_supervisor = False

    def __init__(self, home: Home, *, devices: Sequence[str] | None = None) -> None:
        self._home = home
        self._given_devices = devices
        self._processes: dict[str, JobProcess] = {}  # by handle
        self._looked_for_room: dict[str, float] = {}  # by device, the last time that there was none

    @cached_property
    def _devices(self) -> Sequence[str]:
        return self._given_devices or visible_devices()

    def open(self) -> None:
        pass  # nothing takes a moment here

    def room(self, lane: Lane, occupied: Occupied, *, wanted: int = 1) -> Room:
        taken = {(single, used) for device, used in occupied for single in single_devices(device)}
        free = [device for device in self._devices if (device, lane) not in taken]
        if lane == Lane.LONG:
            several = min(wanted, len(self._devices))  # processes that share the CPU are in one place
            if several == 1:
                return Room(free)
            lack = f"Waits for {several} GPUs: {len(free)} of {len(self._devices)} are free."
            return Room([joined_devices(free[:several])]) if len(free) >= several else Room((), lack)
        occupied = taken
        # Short jobs go first where no long one runs, which has the memory to itself.
        alone = [device for device in free if (device, Lane.LONG) not in occupied]
        beside, lack = [], ""
        for device in free:
            if device not in alone:
                told = self._lack(device)
                if told == "":
                    beside.append(device)
                lack = told or lack
        return Room([*alone, *beside], "" if alone or beside else lack)

    def _lack(self, device: str) -> str | None:
        """What a short job lacks beside the long one there, "" if nothing; None where that was looked at just now."""
        now = time.monotonic()
        if now - self._looked_for_room.get(device, float("-inf")) < LOOK_FOR_ROOM_SECONDS:
            return None
        lack = lack_of_room(device)
        if lack:
            self._looked_for_room[device] = now
        return lack

    def start(self, job: Job, command: Sequence[str]) -> str:
        environment = {
            **os.environ,
            **device_environment(job.device, job.lane, devices=len(self._devices)),
            "BCOS_HOME": str(self._home.root),
            "PYTHONUNBUFFERED": "1",
        }
        try:
            with job.log_path.open("ab") as log:
                child = subprocess.Popen(
                    [sys.executable, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=CHECKOUT,
                    env=environment,
                    start_new_session=True,
                )
            process = ProcessId.of(child.pid)
        except OSError as error:
            raise CannotStart(f"Its process could not be started ({error}).") from error
        if job.device == CPU:
            with suppress(psutil.Error):
                psutil.Process(child.pid).nice(min(19, psutil.Process().nice() + CPU_NICENESS[job.lane]))
        handle = to_json(asdict(process), "The process")
        self._processes[handle] = JobProcess(process, child)
        return handle

    def adopt(self, job: Job) -> str | None:
        # A supervisor that was killed before it wrote down the handle: the process has told its number by itself.
        process = _process_of(job.handle) or job.process
        if process is None or not process.is_local:
            return None
        handle = job.handle or to_json(asdict(process), "The process")
        # Dead or alive: its state tells, and what a dead one left behind is ended.
        self._processes.setdefault(handle, JobProcess(process))
        return handle

    def state(self, handle: str) -> State:
        process = self._processes.get(handle)
        if process is None:
            return OutOfSight("its process was lost")
        if process.is_alive():
            return Running()
        code = process.collect()
        return Ended(exit_in_words(code), code)

    def stop(self, handle: str, *, at_once: bool = False) -> None:
        if process := self._processes.get(handle):
            process.kill() if at_once else process.ask_to_stop()

    def forget(self, handle: str) -> None:
        self._processes.pop(handle, None)

    def close(self) -> None:
        """Nothing is held."""


def _process_of(handle: str) -> ProcessId | None:
    with suppress(JobError):
        return decode_json(handle.encode(), ProcessId, error=JobError, what="A handle", advice="")
    return None
