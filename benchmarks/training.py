"""Training for a figure: under a folder of its own."""

from __future__ import annotations

from pathlib import Path

from bcos_core.home import Home
from bcos_core.progress import SilentReporter
from bcos_core.train.pipeline import TrainResult, run_training
from bcos_core.train.spec import TrainSpec


def train(spec: TrainSpec, root: Path) -> TrainResult:
    """Train under the folder `root`, where the checkpoints stay."""
    return run_training(spec, home=Home(root).create(), work=root / "work", job="bench", reporter=SilentReporter())
