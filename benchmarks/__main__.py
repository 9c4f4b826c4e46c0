"""`python -m benchmarks WHAT`: figures of what the requirements do not bring, or that want a browser, a GPU, or more
memory than there is; each by name, then one JSON object on the last line. All others are those of
`python -m bcos_core reproduce ours`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

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
        choices=(
            *("tasks", "models", "rating", "waiting", "first-line", "gpu", "memory", "language"),
            *("load", "storage", "dataset"),
        ),
        help="every kind of task on real texts; other pretrained models; how long raters wait, in a browser; time left "
        "and the two lanes, with real jobs; from a click to the first line of a job's log; what holds on a GPU; memory "
        "of large models, on paper; time and memory of explaining next tokens of SmolLM2; fifty people at once; what "
        "pages ask of a large database; whole data sets",
    )
    parser.add_argument("only", nargs="*", metavar="NAME", help="of tasks or models, these alone")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    sheet = Sheet()
    if arguments.what == "rating":
        from benchmarks.rating import next_item

        sheet.add(next_item())
    elif arguments.what == "waiting":
        from benchmarks.waiting import short_beside_long, time_left

        sheet.add(short_beside_long())
        sheet.add(time_left())
    elif arguments.what == "first-line":
        from benchmarks.first_line import first_lines

        for found in first_lines():
            sheet.add(found)
    elif arguments.what == "gpu":
        if not torch.cuda.is_available():
            sys.exit("No GPU here that PyTorch can use: nothing was measured.")
        from benchmarks.gpu import SHAPES, measure

        for shape in SHAPES:
            sheet.add(measure(shape))
    elif arguments.what == "memory":
        from benchmarks.memory import all_counted

        for found in all_counted():
            sheet.add(found)
    elif arguments.what == "language":
        from benchmarks.language import measured

        for found in measured():
            sheet.add(found)
    elif arguments.what == "load":
        from benchmarks.load import measured as under_load

        for found in under_load():
            sheet.add(found)
    elif arguments.what == "storage":
        from benchmarks.storage import pages_queries

        for found in pages_queries():
            sheet.add(found)
    elif arguments.what == "dataset":
        from benchmarks.dataset import measured as of_data_sets

        for found in of_data_sets():
            sheet.add(found)
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


if __name__ == "__main__":
    main()
