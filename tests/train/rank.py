"""One process of a distributed training on CPUs, of a classifier or a language model: `python -m tests.train.rank SPEC
FOLDER`, told who it is by RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT. The last line says what this one did."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bcos_core.cli.output import leave
from bcos_core.home import Home
from bcos_core.model.checkpoint import state_hash
from bcos_core.progress import SilentReporter
from bcos_core.train import pipeline, trainer
from bcos_core.train.job import TRAIN
from bcos_core.train.language.job import LANGUAGE_MODEL
from bcos_core.train.language.pipeline import run_language_training


class Points(SilentReporter):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.curves: dict[str, list[float]] = {}
        self.lines: list[str] = []

    def metric(self, series: str, step: int, value: float) -> None:
        self.curves.setdefault(series, []).append(value)

    def log(self, message: str) -> None:
        self.lines.append(message)


def main() -> None:
    asked, root = json.loads(sys.argv[1]), Path(sys.argv[2])
    calls: list[str] = []
    trained: list[str] = []
    seen: list[list[list[int]]] = []

    def counted(name: str) -> None:
        original: Callable[..., Any] = getattr(pipeline, name)

        def call(*given: Any, **named: Any) -> Any:
            calls.append(name)
            return original(*given, **named)

        setattr(pipeline, name, call)

    for name in ("calibrate", "score_on_test", "save_checkpoint"):
        counted(name)
    fine_tune = pipeline.fine_tune

    def fine_tuned(model: Any, *given: Any, **named: Any) -> None:
        seen.append([])
        fine_tune(model, *given, **named)
        trained.append(state_hash(model))

    pipeline.fine_tune = fine_tuned
    loss_of = trainer.BcosTrainer.compute_loss

    def compute_loss(self: Any, model: Any, inputs: Any, *given: Any, **named: Any) -> Any:
        if model.training:
            seen[-1] += inputs["input_ids"].tolist()
        return loss_of(self, model, inputs, *given, **named)

    trainer.BcosTrainer.compute_loss = compute_loss  # type: ignore[method-assign]
    home, points = Home(root).create(), Points()
    where: dict[str, Any] = {"home": home, "work": root / "work", "job": "j", "reporter": points}
    result: Any
    if "texts" in asked:
        result = run_language_training(LANGUAGE_MODEL.read(asked), **where)
    else:
        result = pipeline.run_training(TRAIN.read(asked), **where)
    said = {"rank": int(os.environ["RANK"]), "calls": calls, "trained": trained, "seen": seen}
    told = {"result": result.to_dict(), "curves": points.curves, "lines": points.lines}
    sys.stdout.write("RESULT " + json.dumps({**said, **told}) + "\n")


if __name__ == "__main__":
    main()
    leave(0)
