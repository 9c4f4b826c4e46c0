"""`python -m benchmarks [WHAT] [--full]`: every figure by name, then one JSON object on the last line."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.packages import MissingPackage

Figures = dict[str, float]


class Sheet:
    """The figures so far, each printed as it is added."""

    def __init__(self) -> None:
        self.figures: Figures = {}

    def add(self, found: Figures) -> None:
        self.figures.update(found)
        for name, value in found.items():
            print(f"{name:<45} {value:.4g}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        choices=("promised", "tasks", "models", "waiting", "gpu"),
        default="promised",
        help="the figures that the project promises; every kind of task on real texts; other pretrained models; "
        "time left and the two lanes, with real jobs; what holds on a GPU (default: promised)",
    )
    parser.add_argument("only", nargs="*", metavar="NAME", help="of tasks or models, these alone")
    parser.add_argument(
        "--full", action="store_true", help="also accuracies and evaluations, which take hours on two cores"
    )
    arguments = parser.parse_args()
    torch.manual_seed(0)
    sheet = Sheet()
    if arguments.what == "promised":
        promised(sheet, full=arguments.full)
    elif arguments.what == "waiting":
        from benchmarks.waiting import short_beside_long, time_left

        sheet.add(short_beside_long())
        sheet.add(time_left())
    elif arguments.what == "gpu":
        if not torch.cuda.is_available():
            sys.exit("No GPU here that PyTorch can use: nothing was measured.")
        from benchmarks.gpu import SHAPES, measure

        for shape in SHAPES:
            sheet.add(measure(shape))
    else:
        others(sheet, arguments.what, arguments.only)
    print(json.dumps(sheet.figures))


def others(sheet: Sheet, what: str, only: list[str]) -> None:
    """Figures of what the requirements do not bring; what is not there is passed over, with how to fetch it."""
    from benchmarks.pretrained import FIGURES
    from benchmarks.tasks import CASES

    cases: dict[str, Callable[[], Figures]] = {case.name: case.measure for case in CASES}
    known = cases if what == "tasks" else FIGURES
    if unknown := sorted(set(only) - set(known)):
        sys.exit(f"No {what} named {', '.join(unknown)}. There are: {', '.join(known)}.")
    for name in only or known:
        try:
            sheet.add(known[name]())
        except MissingPackage as missing:
            print(f"{name}: not measured. Needs: {missing}", flush=True)


def promised(sheet: Sheet, *, full: bool) -> None:
    """What `make bench` measures."""
    from benchmarks.figures import QUICK
    from benchmarks.methods import against_captum
    from benchmarks.rating import next_item
    from benchmarks.study import recovery
    from benchmarks.subjects import load_subjects

    subjects = load_subjects()
    for figure in (*QUICK, against_captum, recovery, next_item):
        sheet.add(figure(subjects))
    if full:
        from benchmarks.accuracy import accuracy_gap, quickstart
        from benchmarks.evaluation import evaluation, planted_truth, pointing
        from benchmarks.faithful import faithful

        with tempfile.TemporaryDirectory() as folder:
            found, bcos, conventional = quickstart(Path(folder))
            sheet.add(found)
            sheet.add(evaluation(bcos))
            sheet.add(pointing(bcos, conventional))
        sheet.add(planted_truth())
        sheet.add(accuracy_gap())
        with tempfile.TemporaryDirectory() as folder:
            sheet.add(faithful(Path(folder)))
        price = sheet.figures["accuracy_bcos_3_seeds"] - sheet.figures["accuracy_faithful_3_seeds"]
        sheet.add({"faithful_price_points_3_seeds": 100 * price})


if __name__ == "__main__":
    main()
