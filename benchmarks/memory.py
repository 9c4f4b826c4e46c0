"""`python -m benchmarks.memory forward|heatmap|calibrate`: peak memory of one thing, in a process of its own.

Prints the growth of the process's peak resident memory, in bytes, over what it held just before.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import torch

from bcos_core import calibrate
from bcos_core.attribution.bcos import bcos
from bcos_core.attribution.interface import MethodInput
from bcos_core.attribution.record import Target
from bcos_core.model.view import ModelView
from bcos_core.text.encoding import Batch
from benchmarks.subjects import load_subjects


def peak_growth(what: str) -> int:
    """Measure `what` in a fresh process."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.memory", what], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def main(what: str) -> None:
    subjects = load_subjects()
    classifier = subjects.classifier
    small, batch = subjects.batch(1), subjects.batch(32)

    def forward(b: Batch) -> None:
        ModelView(subjects.bcos).predict(b.input_ids, b.attention_mask)

    def heatmap(b: Batch) -> None:
        bcos(MethodInput(classifier, b, Target(0, "negative"), "none"))

    def calibration(b: object) -> None:
        calibrate(subjects.bcos, subjects.conventional, subjects.data.train.texts[:512], subjects.tokenizer)

    if what == "calibrate":
        calibration(batch)
        print(peak())  # the whole process
        return
    work = {"forward": forward, "heatmap": heatmap}[what]
    work(small)  # libraries allocate once
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak that loading the model had (Linux)
    before = psutil.Process().memory_info().rss
    work(batch)
    print(max(0, peak() - before))


def peak() -> int:
    """Peak resident memory since it was last forgotten, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) * 1024


if __name__ == "__main__":
    torch.set_num_threads(2)
    main(sys.argv[1])
