"""`python -m tests.hostile`: hostile input for every surface, two at a time; the last line is one JSON object."""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

from bcos_core.home import CHECKOUT
from tests.hostile.campaign import HANG_SECONDS, KEPT_KINDS, Report, outcome, run
from tests.hostile.surface import Ground, Surface
from tests.hostile.watch import Watch

SHARES = {
    **{"wire": 0.6, "pages": 0.1},
    **{"models": 1, "archives": 2, "tables": 20, "records": 4, "tokens": 20},
    **{"addresses": 24, "names": 16, "results": 6, "specifications": 5, "sign_in": 2},
    **{"provider": 3, "artefacts": 3, "backups": 1, "speaking": 3},
}
"""How many of a campaign's cases are a surface's, beside the others'; what takes long begins first. Each is a file of
`surfaces`."""
APART = ("pages", "wire")
"""They have pages, or a server, of their own."""
CASES = 100_000
STILL_SECONDS = 2.5 * HANG_SECONDS
"""After which a process that sends nothing new is ended: a library's own loop hears no alarm."""
LOOK_SECONDS = 0.5


def surface(name: str) -> Surface:
    found: Surface = import_module(f"tests.hostile.surfaces.{name}").SURFACE
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES, help=f"of all surfaces together (default: {CASES:,})")
    parser.add_argument("--surface", nargs="*", choices=SHARES, help="these alone (default: all)")
    parser.add_argument("--seed", type=int, help="the same seed, the same cases (default: drawn)")
    parser.add_argument("--at-once", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--together", action="store_true", help="all surfaces in one process, one after another")
    parser.add_argument("--output", type=Path, default=CHECKOUT / "build" / "hostile", help="where reports are kept")
    parser.add_argument("--worker", type=Path, metavar="GROUND", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    names = tuple(arguments.surface or SHARES)
    if arguments.worker:
        work(names, arguments.cases, seed, arguments.output, Ground(arguments.worker))
        return 0
    groups = (names,) if arguments.together else tuple((name,) for name in names)
    reports = campaign(groups, arguments.cases, seed, arguments.output, at_once=arguments.at_once)
    for one in reports:
        print(f"{one.surface:<15} {one.cases:>8,} cases, {one.refused:>8,} refused, {one.seconds:>7.0f} s")
        for what, kind in one.kinds.items():
            print(f"    {kind['kind']}, {kind['times']:,} times: {what}")
    found = outcome(reports, seed)
    print(json.dumps(found))
    return int(any(found[name] for name in ("crashes", "code_run", "outside_files")))


def work(names: Sequence[str], cases: int, seed: int, output: Path, ground: Ground) -> None:
    """In a process of its own, of which nothing is used afterwards."""
    watch = Watch([ground.home.root, ground.temporary])
    watch.install()
    for name, number in shared(names, cases).items():
        report = output / f"{name}.part.json"
        run(surface(name), number, seed, report, ground, watch).write(report)


def shared(names: Sequence[str], cases: int) -> dict[str, int]:
    """How many of the cases are each surface's."""
    whole = sum(SHARES[name] for name in names)
    return {name: max(1, math.ceil(cases * SHARES[name] / whole)) for name in names}


def campaign(groups: Sequence[Sequence[str]], cases: int, seed: int, output: Path, *, at_once: int = 2) -> list[Report]:
    """The reports of all surfaces; those of a group share a process."""
    output.mkdir(parents=True, exist_ok=True)
    numbers = shared([name for group in groups for name in group], cases)
    with ThreadPoolExecutor(at_once) as pool:
        started = [pool.submit(_group, group, sum(numbers[name] for name in group), seed, output) for group in groups]
        reports = [report for one in started for report in one.result()]
    for report in reports:
        report.write(output / f"{report.surface}.json")
    return reports


def _group(names: Sequence[str], cases: int, seed: int, output: Path) -> list[Report]:
    """Some surfaces; where their process is lost, that is a crash, and another goes on with other cases."""
    whole = {name: Report(name, seed) for name in names}
    while True:
        lost = False
        left = cases - sum(report.cases for report in whole.values())
        for part in _process(names, left, seed + 7919 * sum(report.crashes for report in whole.values()), output):
            lost = lost or any(what.startswith("the process") for what in part.kinds)
            whole[part.surface].add(part)
        if not lost or left <= 0 or sum(report.crashes for report in whole.values()) > KEPT_KINDS:
            return list(whole.values())


def _process(names: Sequence[str], cases: int, seed: int, output: Path) -> list[Report]:
    for name in names:
        for file in output.glob(f"{name}.part.*"):
            file.unlink()
    log = output / f"{names[0]}.log"
    with tempfile.TemporaryDirectory(prefix="hostile-") as root, log.open("ab") as words:
        ground = Ground(Path(root).resolve())
        ground.prepare()
        asked = ["--surface", *names, "--cases", str(cases), "--seed", str(seed), "--output", str(output.resolve())]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile", *asked, "--worker", str(ground.root)],
            cwd=CHECKOUT,
            env=_environment(ground),
            stdout=words,
            stderr=words,
        )
        while process.poll() is None:
            time.sleep(LOOK_SECONDS)
            sent = [file.stat().st_mtime for name in names for file in output.glob(f"{name}.part.last")]
            if sent and time.time() - max(sent) > STILL_SECONDS:
                process.kill()
    files = {name: output / f"{name}.part.json" for name in names}
    found = [Report(**json.loads(file.read_text())) for file in files.values() if file.exists()]
    if process.returncode:
        at = next((name for name in reversed(names) if (output / f"{name}.part.last").exists()), names[0])
        last = output / f"{at}.part.last"
        report = next((one for one in found if one.surface == at), None) or Report(at, seed)
        found = [*(one for one in found if one is not report), report]
        report.crashes += 1
        report.cases += 1
        example = last.read_text() if last.exists() else log.read_text(errors="replace")[-3000:]
        report.note("crash", f"the process of {at} ended with {process.returncode}", example)
    return found


def _environment(ground: Ground) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BCOS_", "HF_", "STREAMLIT_"))}
    temporary = str(ground.temporary)
    return kept | {
        "BCOS_HOME": str(ground.home.root),
        "BCOS_QUICKSTART": "0",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": f"{temporary}/hub",
        "HOME": temporary,
        "MPLCONFIGDIR": f"{temporary}/matplotlib",
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": temporary,
    }


if __name__ == "__main__":
    sys.exit(main())
