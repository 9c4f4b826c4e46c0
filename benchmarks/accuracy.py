"""`make bench FULL=1`: the figures that take hours on two cores: accuracy over seeds, and the quick-start."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from bcos_core.home import Home
from bcos_core.model.sources import EMBEDDED
from bcos_core.progress import SilentReporter
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.pipeline import TrainResult, run_training
from bcos_core.train.quickstart import quickstart_spec
from bcos_core.train.recipe import RECIPES
from bcos_core.train.spec import TrainSpec

SEEDS = (42, 43, 44)


def train(spec: TrainSpec, root: Path) -> TrainResult:
    """Train under the folder `root`, where the checkpoints stay."""
    return run_training(spec, home=Home(root).create(), work=root / "work", job="bench", reporter=SilentReporter())


def quickstart(root: Path) -> tuple[dict[str, float], str, str]:
    """Seconds from the command to both scores, and the two accuracies; then the folders of the B-cos model and of its
    twin, under `root`."""
    result = train(quickstart_spec(), root)
    assert result.bcos is not None and result.conventional is not None and result.calibration_cosine is not None
    figures = {
        "quickstart_seconds": result.seconds,
        "quickstart_accuracy_bcos": result.bcos.metrics["accuracy"],
        "quickstart_accuracy_conventional": result.conventional.metrics["accuracy"],
        "quickstart_calibration_cosine": result.calibration_cosine,
    }
    return figures, result.bcos.checkpoint, result.conventional.checkpoint


def accuracy_gap() -> dict[str, float]:
    """Test accuracy on the short sentences, all data, three seeds: both means and the gap in points."""
    pairs = []
    for seed in SEEDS:
        recipe = RECIPES["calibrated"].replace(seed=seed)
        with tempfile.TemporaryDirectory() as folder:
            result = train(TrainSpec(EMBEDDED, TaskChoice("embedded", "short-reviews"), recipe), Path(folder))
        assert result.bcos is not None and result.conventional is not None
        pairs.append((result.conventional.metrics["accuracy"], result.bcos.metrics["accuracy"]))
    conventional, bcos = (statistics.mean(column) for column in zip(*pairs, strict=True))
    return {
        "accuracy_conventional_3_seeds": conventional,
        "accuracy_bcos_3_seeds": bcos,
        "accuracy_gap_points_3_seeds": 100 * (conventional - bcos),
    }
