"""A run from what was asked to its tables."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from bcos_core.home import Home
from bcos_core.progress import Reporter
from bcos_core.reproduce.figure import Found
from bcos_core.reproduce.grid_figures import grid_figures
from bcos_core.reproduce.grid_run import GridRun
from bcos_core.reproduce.machine import these_versions, this_machine
from bcos_core.reproduce.measure import Bench
from bcos_core.reproduce.measures_run import run_measures
from bcos_core.reproduce.plan import first_of_grid, stages_of
from bcos_core.reproduce.protocol import protocol_of
from bcos_core.reproduce.report import Report, save_report
from bcos_core.reproduce.spec import ReproduceSpec
from bcos_core.reproduce.written import report_files
from bcos_core.storage.listing import LeftOut


def run_reproduction(
    spec: ReproduceSpec, *, command: str, home: Home, work: Path, job: str, reporter: Reporter
) -> Report:
    """Train, measure, and store the tables as `home.reproductions / job`. Stopped, it goes on from what is in `work`
    and in the home; `command` is what does the same.

    Raises:
        InputError: nothing of it can be had.
        JobCancelled: from the reporter; what was done is kept.
        StorageError: the disk is full.
    """
    started, stages = time.monotonic(), stages_of(spec)
    reporter.stage("Looking for models and data", 0, stages)
    found: list[Found] = []
    left_out: list[LeftOut] = []
    if spec.effort is not None:
        bench = Bench(spec.effort, home, work, job, reporter)
        found += run_measures(spec.measures, bench, first=1, count=stages, left_out=left_out)
    if spec.groups:
        first, name = first_of_grid(spec), f"reproduce-{job}"
        grid = GridRun(spec.grid, home, work, job, reporter, first, stages, name, left_out)
        found += grid_figures(spec.what, spec.grid, grid.run())
    left_out += [LeftOut(what, "It was not asked for (--only).") for what in spec.unasked]
    reporter.stage("Making the tables", stages - 1, stages)
    report = Report(
        name=job,
        what=spec.what,
        scale=spec.scale,
        command=command,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=time.monotonic() - started,
        figures=tuple(one.figure for one in found),
        left_out=tuple(dict.fromkeys((*left_out, *spec.grid.left_out))),
        protocol=protocol_of(spec),
        versions=these_versions(),
        machine=this_machine(),
    )
    save_report(report, found, home.reproductions / job, report_files(report))
    return report
