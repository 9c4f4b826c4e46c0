"""The figures that no grid has, one measure after the other. A run that was stopped goes on after the last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from subprocess import SubprocessError

from bcos_core.errors import InputError, JobError
from bcos_core.reproduce.figure import Found
from bcos_core.reproduce.measure import Bench, Measure
from bcos_core.storage.listing import LeftOut
from bcos_core.storage.plain import to_finite
from bcos_core.storage.stored_json import read_json, to_json

_ADVICE = "Begin anew: Retry on the Jobs page."


@dataclass(frozen=True)
class Measured:
    """What one measure has found, as it is kept between the starts of a job."""

    found: tuple[Found, ...]


def run_measures(
    measures: Sequence[Measure], bench: Bench, *, first: int, count: int, left_out: list[LeftOut]
) -> list[Found]:
    """Every measure in a stage of its own, from stage `first` of `count` on.

    Raises:
        JobCancelled: from the reporter; what was measured is kept in the job's work folder.
    """
    found: list[Found] = []
    for stage, one in enumerate(measures, start=first):
        bench.reporter.stage(f"Measuring: {one.title.lower()}", stage, count)
        try:
            found += _once(one, bench)
        except (
            InputError,
            OSError,
            SubprocessError,
        ) as error:  # a process that was killed, …
            left_out.append(LeftOut(one.title, str(error)))
            bench.reporter.log(left_out[-1].sentence)
    return found


def _once(one: Measure, bench: Bench) -> tuple[Found, ...]:
    file = bench.work / "measures" / f"{one.name}.json"
    if file.exists():
        return read_json(file, Measured, error=JobError, advice=_ADVICE).found
    measured = Measured(tuple(one.run(bench)))
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    what = f"What was measured ({one.title.lower()})"
    partial.write_text(to_json(to_finite(asdict(measured), what), what), encoding="utf-8")
    partial.replace(file)
    return measured.found
