"""A small real job: counts, keeps every unit in its work folder, and goes on from there when restarted.

    python -m tests.jobs.counting_job --units 20 --seconds 0.05 --trace FILE

The trace file gets one line per start ("start ATTEMPT PID"), per unit ("unit NUMBER"), per end ("end").
With `--grandchild` it starts a shell that starts a sleep in a session of its own, and traces both numbers.
With `--deaf` it ignores SIGTERM.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from bcos_core.errors import DataError
from bcos_core.jobs.run import job_run


def counting_argv(trace: Path, *options: str, units: int = 20, seconds: float = 0.05) -> list[str]:
    words = ["-m", "tests.jobs.counting_job", "--units", str(units), "--seconds", str(seconds), "--trace", str(trace)]
    return [*words, *options]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--trace", type=Path, required=True)
    parser.add_argument("--grandchild", action="store_true")
    parser.add_argument("--deaf", action="store_true")
    parser.add_argument("--fail", choices=("input", "bug"))
    args = parser.parse_args()

    def trace(line: str) -> None:
        with args.trace.open("a") as file:
            file.write(line + "\n")

    with job_run("count", "Counting", sys.argv[1:], {"units": args.units}, f"count:{args.trace}") as run:
        trace(f"start {run.attempt} {os.getpid()}")
        if args.deaf:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if args.grandchild:
            child = subprocess.Popen(
                ["sh", "-c", "setsid sleep 300 & echo $!; wait"], stdout=subprocess.PIPE, text=True
            )
            assert child.stdout is not None
            trace(f"grandchild {child.pid} {child.stdout.readline().strip()}")
        if args.fail == "input":
            raise DataError("The file has no column 'text'. Choose another column.")
        if args.fail == "bug":
            raise ZeroDivisionError("a bug")
        done_file = run.work / "done.txt"
        done = len(done_file.read_text().split()) if done_file.exists() else 0
        run.reporter.stage("Getting ready", 0, 2)
        run.reporter.stage("Counting", 1, 2)
        for number in range(done, args.units):
            run.reporter.progress(number, args.units)
            time.sleep(args.seconds)
            # As a trainer does: the point of a step first, then the checkpoint that makes the step final.
            run.reporter.metric("count/square", number, float(number**2))
            trace(f"unit {number}")
            with done_file.open("a") as file:
                file.write(f"{number}\n")
        trace("end")
        counted = done_file.rename(run.work.parent / "counted.txt")
        run.finish({"total": args.units}, [counted])


if __name__ == "__main__":
    main()
