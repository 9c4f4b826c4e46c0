"""On what figures were measured: the machine, and the versions of what computes."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import psutil

from bcos_core.home import CHECKOUT
from bcos_core.jobs.devices import available_cores
from bcos_core.model.identity import library_versions
from bcos_core.numbers import count, file_size

_GIT_SECONDS = 10


def this_machine() -> dict[str, str]:
    """Processor, cores that may be used, memory, GPU, system, Python: in words."""
    return {
        "processor": _processor(),
        "cores": count(available_cores(), "core"),
        "memory": file_size(psutil.virtual_memory().total),
        "GPU": _gpu(),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }


def these_versions() -> dict[str, str]:
    """Of the libraries that compute, and of this program: its last commit, where it lies in a git checkout."""
    found = dict(library_versions())
    if commit := _commit():
        found["commit"] = commit
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _gpu() -> str:
    import torch

    if not torch.cuda.is_available():
        return "none"
    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return ", ".join(dict.fromkeys(names))


def _commit() -> str:
    def git(*words: str) -> str:
        command = ["git", "-C", str(CHECKOUT), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_SECONDS)
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        commit = git("rev-parse", "--short=12", "HEAD")
        return f"{commit} with changes" if commit and git("status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.TimeoutExpired):  # no git, no checkout
        return ""
