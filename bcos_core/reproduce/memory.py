"""Peak memory: of this process while it works, and of explaining a text by each method.

`python -m bcos_core.reproduce.memory CHECKPOINT METHOD…` reads a text and options by method as a JSON object from its
input, explains the text by each method, and prints the growth of peak memory in bytes as JSON, by method: in a process
of its own, in which nothing else has allocated what a method could use again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import torch

from bcos_core.allocator import give_back

AT_ONCE = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
"""Lets glibc give memory back as soon as it is free: what one method has used is then no memory of the next."""


def forget_peak() -> bool:
    """Begin to look for the peak anew; whether this system can (Linux, or a GPU)."""
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
        return True
    return on_gpu


def peak_bytes() -> int:
    """Of the GPU's memory that PyTorch holds, or else of this process's resident memory, since it was last forgotten.

    Raises:
        OSError: neither can be told here.
    """
    return int(torch.cuda.max_memory_allocated()) if torch.cuda.is_available() else peak_resident_bytes()


def peak_resident_bytes() -> int:
    """Of this process's resident memory.

    Raises:
        OSError: it cannot be told here.
    """
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) * 1024


def held_bytes() -> int:
    """What is held now, of the same memory as that of `peak_bytes`."""
    return int(torch.cuda.memory_allocated()) if torch.cuda.is_available() else int(psutil.Process().memory_info().rss)


def methods_memory(
    checkpoint: str, methods: Sequence[str], text: str, options: Mapping[str, Mapping[str, int]]
) -> dict[str, float]:
    """Growth of peak memory while a text is explained, in bytes, by method, with its `options`; nothing where this
    system does not tell. A method that cannot serve the model is left out.

    Raises:
        subprocess.CalledProcessError: the process has failed.
    """
    command = [sys.executable, "-m", "bcos_core.reproduce.memory", checkpoint, *methods]
    environment = {**os.environ, **AT_ONCE}
    asked = json.dumps({"text": text, "options": {method: dict(given) for method, given in options.items()}})
    done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, text=True, env=environment, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(
    checkpoint: str, methods: Sequence[str], text: str, options: Mapping[str, Mapping[str, int]]
) -> dict[str, float]:
    """What the process of its own does."""
    from bcos_core.attribution.api import explain
    from bcos_core.attribution.registry import METHODS
    from bcos_core.model.classifier import load
    from bcos_core.model.info import read_info

    if not forget_peak():
        return {}
    classifier, found = replace(load(checkpoint), max_length=read_info(checkpoint).max_length), {}
    for method in methods:
        known = {"family": classifier.family, "answers": classifier.task_type.name}
        if METHODS[method].unsupported(is_bcos=classifier.is_bcos, **known):
            continue
        given: Any = options.get(method, {})
        explain(classifier, "A first text.", method=method, **given)  # libraries allocate once
        give_back()
        before = held_bytes()
        forget_peak()
        explain(classifier, text, method=method, **given)
        found[method] = float(max(0, peak_bytes() - before))
    return found


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2:], **json.load(sys.stdin))))  # noqa: T201
