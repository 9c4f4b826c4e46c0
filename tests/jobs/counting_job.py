"""A small real kind of job: counts, keeps every unit in its work folder, and goes on from there when restarted.

    python -m tests.jobs.counting_job --units 20 --seconds 0.05 --trace FILE
    python -m tests.jobs.counting_job ID --attempt N

The trace file gets one line per start ("start ATTEMPT PID"), per unit ("unit NUMBER"), per end ("end").
With `--grandchild` it starts a shell that starts a sleep in a session of its own, and traces both numbers.
With `--deaf` it ignores SIGTERM.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bcos_core.errors import DataError
from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.run import JobRun, Start
from bcos_core.jobs.store import JobStore

RUNNER = ("-m", "tests.jobs.counting_job")


@dataclass(frozen=True)
class CountSpec:
    trace: str
    units: int = 20
    seconds: float = 0.05
    grandchild: bool = False
    deaf: bool = False
    fail: str = ""


def run(spec: CountSpec, job: JobRun) -> None:
    def trace(line: str) -> None:
        with Path(spec.trace).open("a") as file:
            file.write(line + "\n")

    trace(f"start {job.attempt} {os.getpid()}")
    if spec.deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if spec.grandchild:
        child = subprocess.Popen(["sh", "-c", "setsid sleep 300 & echo $!; wait"], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        trace(f"grandchild {child.pid} {child.stdout.readline().strip()}")
    if spec.fail == "input":
        raise DataError("The file has no column 'text'. Choose another column.")
    if spec.fail == "bug":
        raise ZeroDivisionError("a bug")
    done_file = job.work / "done.txt"
    done = len(done_file.read_text().split()) if done_file.exists() else 0
    job.reporter.stage("Getting ready", 0, 2)
    job.reporter.stage("Counting", 1, 2)
    for number in range(done, spec.units):
        job.reporter.progress(number, spec.units)
        time.sleep(spec.seconds)
        # As a trainer does: the point of a step first, then the checkpoint that makes the step final.
        job.reporter.metric("count/square", number, float(number**2))
        trace(f"unit {number}")
        with done_file.open("a") as file:
            file.write(f"{number}\n")
    trace("end")
    counted = done_file.rename(job.work.parent / "counted.txt")
    job.finish({"total": spec.units}, [counted])


def command(spec: CountSpec) -> list[str]:
    words = ["--units", str(spec.units), "--seconds", str(spec.seconds), "--trace", spec.trace]
    return [*words, *["--grandchild"] * spec.grandchild, *["--deaf"] * spec.deaf]


COUNT = JobKind(
    name="count",
    title="Counting",
    specification=CountSpec,
    describe=lambda spec: "Counting",
    key=lambda spec: f"count:{spec.trace}",
    command=command,
    run=run,
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("id", nargs="?")
    parser.add_argument("--attempt", type=int)
    parser.add_argument("--units", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--trace")
    parser.add_argument("--grandchild", action="store_true")
    parser.add_argument("--deaf", action="store_true")
    args = parser.parse_args()
    if args.id is None:
        COUNT.run_here(CountSpec(args.trace, args.units, args.seconds, args.grandchild, args.deaf))
    else:
        COUNT.run_started(Start(args.id, args.attempt), JobStore.open().get(args.id).spec)


if __name__ == "__main__":
    main()
