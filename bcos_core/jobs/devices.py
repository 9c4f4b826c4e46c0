"""What jobs run on: each CUDA device, or the whole CPU. In each there is a slot for either lane."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Sequence

import psutil

from bcos_core.device import AUTO, CPU, CUDA, DEVICE, MPS, asked_device, gpu_number, require_gpu
from bcos_core.jobs.lane import Lane
from bcos_core.numbers import file_size

_CUDA = "cuda:"
_QUERY_SECONDS = 10
ROOM_ON_CPU, ROOM_ON_GPU = 1_500_000_000, 4_000_000_000
"""Free bytes that a short job wants beside a long one: PyTorch, a model in float32 and a batch."""


def visible_devices() -> tuple[str, ...]:
    """The devices of this machine that `BCOS_DEVICE` leaves: `("cuda:0", "cuda:1", …)`, or `("cpu",)`.

    Raises:
        InputError: it names none, or a GPU that is not there.
    """
    asked = asked_device()
    if asked in (CPU, MPS):
        return (asked,)
    count = _cuda_device_count()
    if asked != AUTO:
        require_gpu(asked, count)
    if count == 0:
        return (CPU,)
    named = [part.strip() for part in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if part.strip()]
    names = named[:count] or [str(index) for index in range(count)]
    one = gpu_number(asked)
    return tuple(_CUDA + name for name in (names if one is None else names[one : one + 1]))


def joined_devices(devices: Sequence[str]) -> str:
    """Several GPUs as the one device of a job: "cuda:0,1"."""
    return _CUDA + ",".join(device.removeprefix(_CUDA) for device in devices) if len(devices) > 1 else devices[0]


def single_devices(device: str) -> list[str]:
    """Each of the devices that a job has."""
    if not device.startswith(_CUDA):
        return [device]
    return [_CUDA + name for name in device.removeprefix(_CUDA).split(",")]


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def device_environment(device: str, lane: Lane, *, devices: int) -> dict[str, str]:
    """Environment variables that keep a job on its device, one of so many or several, and on its share of the cores.

    A short job has half of that share, beside a long one that has all of it: for as long as it takes, the two need half
    as much again as there is. With two threads each, on two cores, either would wait for threads of its own that do
    not run.
    """
    parts = len(single_devices(device))
    return {
        "CUDA_VISIBLE_DEVICES": device.removeprefix(_CUDA) if device.startswith(_CUDA) else "",
        DEVICE: CUDA if device.startswith(_CUDA) else device,  # the only ones that the job sees
        "OMP_NUM_THREADS": str(max(1, available_cores() * parts // devices // (2 if lane == Lane.SHORT else 1))),
    }


def free_bytes(device: str) -> int | None:
    """Free memory of a device, None where nobody tells."""
    if not device.startswith(_CUDA):
        return int(psutil.virtual_memory().available)
    query = ["nvidia-smi", f"--id={device.removeprefix(_CUDA)}"]
    query += ["--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=_QUERY_SECONDS)
        return int(answer.stdout) * 2**20 if answer.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def lack_of_room(device: str, free: Callable[[str], int | None] = free_bytes) -> str:
    """What a short job waits for, where a long one leaves too little memory on the device that they would share; ""
    where it leaves enough, or nobody tells."""
    own_memory = device.startswith(_CUDA)
    found, wanted = free(device), ROOM_ON_GPU if own_memory else ROOM_ON_CPU
    if found is None or found >= wanted:
        return ""
    place = device if own_memory else "this machine"
    return f"Waits for memory on {place}: {file_size(found)} are free, and {file_size(wanted)} are wanted."


def device_at(place: str) -> str:
    """What a job in this process computes on, whose row names the place that it has: a device of its machine, or one of
    the places on a cluster, where it is what the process sees."""
    return place if place.partition(":")[0] in (CPU, CUDA, MPS) else present_device()


def present_device() -> str:
    """The kind of device that a process here would use, without asking PyTorch: "cuda", "cpu" or "mps".

    Raises:
        InputError: `BCOS_DEVICE` names none.
    """
    asked = asked_device().partition(":")[0]
    if asked != AUTO:
        return asked
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip() in ("", "-1")
    return CUDA if not hidden and _has_driver() else CPU


def _has_driver() -> bool:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def _cuda_device_count() -> int:
    """How many devices torch sees, asked of a short-lived process.

    So the one that asks holds neither torch nor a context on a device. Without a driver nothing is asked.
    """
    if not _has_driver():
        return 0
    question = "import torch; print(torch.cuda.device_count())"
    try:
        answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, timeout=120)
        return int(answer.stdout) if answer.returncode == 0 else 0
    except (subprocess.TimeoutExpired, ValueError):
        return 0
