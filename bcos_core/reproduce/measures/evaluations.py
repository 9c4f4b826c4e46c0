"""What an evaluation of six methods takes, on the quick start's B-cos model.

`python -m bcos_core.reproduce.measures.evaluations CHECKPOINT TEXTS` evaluates in a process of its own, on a store that
knows nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.home import CHECKOUT, Home
from bcos_core.progress import SilentReporter
from bcos_core.reproduce.figure import Found
from bcos_core.reproduce.measure import Bench
from bcos_core.reproduce.measures.trained import the_quickstart
from bcos_core.reproduce.memory import forget_peak, peak_bytes
from bcos_core.reproduce.ours import EVALUATED_METHODS, MEASURES


def evaluation(bench: Bench) -> Iterator[Found]:
    """Comprehensiveness and sufficiency, from loading the model to the table."""
    places, texts = MEASURES["evaluation"].places, bench.effort.evaluated
    checkpoint = str(the_quickstart(bench)["bcos"].checkpoint)
    command = [sys.executable, "-m", "bcos_core.reproduce.measures.evaluations", checkpoint, str(texts)]
    done = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    yield places["evaluation_seconds"].alone(found["seconds"], texts, "texts")
    if found["peak"] is not None:
        yield places["evaluation_peak_memory_gb"].alone(found["peak"] / 1e9, texts, "texts")


def main(checkpoint: str, texts: int) -> dict[str, float | None]:
    """What the process of its own does."""
    tells = forget_peak()
    with tempfile.TemporaryDirectory() as folder:
        spec = EvaluationSpec((checkpoint,), EVALUATED_METHODS, limit=texts)
        found = run_evaluation(spec, home=Home(Path(folder)).create(), name="timed", reporter=SilentReporter())
    return {"seconds": found.seconds, "peak": float(peak_bytes()) if tells else None}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))  # noqa: T201
