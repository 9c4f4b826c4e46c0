"""What jobs run on: one slot for each CUDA device, or one for the whole CPU."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

CPU = "cpu"
_CUDA = "cuda:"


def visible_devices() -> tuple[str, ...]:
    """The slots of this machine: `("cuda:0", "cuda:1", …)`, or `("cpu",)`."""
    count = _cuda_device_count()
    if count == 0:
        return (CPU,)
    named = [part.strip() for part in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if part.strip()]
    names = named[:count] or [str(index) for index in range(count)]
    return tuple(_CUDA + name for name in names)


def device_environment(device: str, *, slots: int) -> dict[str, str]:
    """Environment variables that keep a job on its slot, and on its share of the cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "CUDA_VISIBLE_DEVICES": device.removeprefix(_CUDA) if device.startswith(_CUDA) else "",
        "OMP_NUM_THREADS": str(max(1, cores // slots)),
    }


def _cuda_device_count() -> int:
    """How many devices torch sees, asked of a short-lived process.

    So the one that asks holds neither torch nor a context on a device. Without a driver nothing is asked.
    """
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    question = "import torch; print(torch.cuda.device_count())"
    try:
        answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, timeout=120)
        return int(answer.stdout) if answer.returncode == 0 else 0
    except (subprocess.TimeoutExpired, ValueError):
        return 0
