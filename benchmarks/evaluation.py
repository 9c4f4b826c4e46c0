"""`make bench FULL=1`: what an evaluation takes and finds, on the quick start's two models.

`python -m benchmarks.evaluation CHECKPOINT TEXTS` evaluates in a process of its own, on a store that knows nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from bcos_core.evaluate.result import Evaluation
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.home import Home
from bcos_core.lab.run import run_lab
from bcos_core.lab.spec import LabSpec
from bcos_core.progress import SilentReporter
from benchmarks.memory import peak

METHODS = ("bcos", "integrated_gradients", "occlusion", "input_x_gradient", "saliency", "lime")
FEW, MANY = 100, 500
PAIRS = 200


def evaluation(bcos: str, *, few: int = FEW, many: int = MANY) -> dict[str, float]:
    """Six methods on the B-cos model, by comprehensiveness and sufficiency: seconds, the growth of peak memory from
    `few` to `many` texts in MB, and by how much B-cos is ahead, paired on the same texts, with 95 % intervals."""
    small, large = (_in_own_process(bcos, texts) for texts in (few, many))
    figures = {
        f"evaluation_seconds_{many}_texts_{len(METHODS)}_methods": large["seconds"],
        f"evaluation_peak_growth_mb_{few}_to_{many}_texts": (large["peak"] - small["peak"]) / 1e6,
    }
    for row in large["differences"]:
        name = f"comp_minus_suff_bcos_over_{row['method']}"
        # The evaluation has the others minus B-cos.
        figures |= {name: -row["mean"], f"{name}_low": -row["high"], f"{name}_high": -row["low"]}
    return figures


def pointing(bcos: str, conventional: str, *, pairs: int = PAIRS) -> dict[str, float]:
    """The sequence pointing game of every method on both models; chance is 0.5."""
    spec = EvaluationSpec((bcos, conventional), METHODS, scores=("seqpg",), limit=1, pairs=pairs)
    found = _evaluate(spec)
    kinds = {contender.checkpoint: contender.kind for contender in found.contenders}
    figures: dict[str, float] = {}
    for row in found.rows():
        name = f"seqpg_{kinds[row['checkpoint']]}_{row['method']}"
        figures |= {name: row["mean"], f"{name}_low": row["low"], f"{name}_high": row["high"]}
    return figures | {"seqpg_pairs": float(max(row["n"] for row in found.rows()))}


def planted_truth(spec: LabSpec | None = None) -> dict[str, float]:
    """How often a planted word is among the three highest scores, for every method on both models that use it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        result = run_lab(
            spec or LabSpec(), home=Home(root).create(), work=root / "work", job="bench", reporter=SilentReporter()
        )
    kinds = {model.checkpoint: model.kind for model in result.verification}
    figures = {f"planted_flips_{model.kind}": model.flips for model in result.verification}
    for row in result.rows:
        if row.measure == "top_3" and row.n:  # a model that does not use the plant has nothing to be found
            name = f"planted_top_3_{kinds[row.checkpoint]}_{row.method}"
            found = {name: row.mean, f"{name}_low": row.low, f"{name}_high": row.high}
            figures |= {key: value for key, value in found.items() if value is not None}
    return figures


def _in_own_process(checkpoint: str, texts: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.evaluation", checkpoint, str(texts)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _evaluate(spec: EvaluationSpec) -> Evaluation:
    with tempfile.TemporaryDirectory() as folder:
        return run_evaluation(spec, home=Home(Path(folder)).create(), name="bench", reporter=SilentReporter())


def main(checkpoint: str, texts: int) -> None:
    found = _evaluate(EvaluationSpec((checkpoint,), METHODS, limit=texts))
    base = next(contender.id for contender in found.contenders if contender.method == "bcos")
    differences = [row for row in found.differences(base) if row["score"] == "comp_minus_suff"]
    print(json.dumps({"seconds": found.seconds, "peak": peak(), "differences": differences}))


if __name__ == "__main__":
    torch.set_num_threads(2)
    main(sys.argv[1], int(sys.argv[2]))
