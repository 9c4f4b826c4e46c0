"""Peak resident memory of one thing on the CPU, in a process of its own.

`python -m bcos_core.reproduce.measures.peaks forward|heatmap|calibrate` prints the growth of its peak, in bytes, over
what it held just before.
"""

from __future__ import annotations

import subprocess
import sys

import psutil
import torch

from bcos_core.attribution.bcos import bcos
from bcos_core.attribution.interface import MethodInput
from bcos_core.attribution.record import Target
from bcos_core.home import CHECKOUT
from bcos_core.model.calibrate import calibrate
from bcos_core.model.view import ModelView
from bcos_core.reproduce.measures.subjects import load_subjects
from bcos_core.reproduce.memory import forget_peak, peak_resident_bytes
from bcos_core.text.encoding import Batch


def peak_growth(what: str) -> int:
    """Measure `what` in a fresh process."""
    command = [sys.executable, "-m", "bcos_core.reproduce.measures.peaks", what]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
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
        print(peak_resident_bytes())  # noqa: T201  # of the whole process
        return
    work = {"forward": forward, "heatmap": heatmap}[what]
    work(small)  # libraries allocate once
    forget_peak()  # that which loading the model had
    before = psutil.Process().memory_info().rss
    work(batch)
    print(max(0, peak_resident_bytes() - before))  # noqa: T201


if __name__ == "__main__":
    torch.set_num_threads(2)
    main(sys.argv[1])
