"""`python -m benchmarks [--full]`: every figure by name, then one JSON object on the last line."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import torch

from benchmarks.figures import QUICK
from benchmarks.methods import against_captum
from benchmarks.rating import next_item
from benchmarks.study import recovery
from benchmarks.subjects import load_subjects


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="also accuracies and evaluations, which take hours on two cores"
    )
    arguments = parser.parse_args()
    torch.manual_seed(0)
    subjects = load_subjects()
    figures: dict[str, float] = {}

    def add(found: dict[str, float]) -> None:
        figures.update(found)
        for name, value in found.items():
            print(f"{name:<45} {value:.4g}", flush=True)

    for figure in (*QUICK, against_captum, recovery, next_item):
        add(figure(subjects))
    if arguments.full:
        from benchmarks.accuracy import accuracy_gap, quickstart
        from benchmarks.evaluation import evaluation, planted_truth, pointing
        from benchmarks.faithful import faithful

        with tempfile.TemporaryDirectory() as folder:
            found, bcos, conventional = quickstart(Path(folder))
            add(found)
            add(evaluation(bcos))
            add(pointing(bcos, conventional))
        add(planted_truth())
        add(accuracy_gap())
        with tempfile.TemporaryDirectory() as folder:
            add(faithful(Path(folder)))
        price = figures["accuracy_bcos_3_seeds"] - figures["accuracy_faithful_3_seeds"]
        add({"faithful_price_points_3_seeds": 100 * price})
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
