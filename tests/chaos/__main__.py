"""The fault campaign as a command: `make chaos`, or `python -m tests.chaos --injections 100 --seed 1`.

The last line is JSON: how many injections of which kind, and of everything that must not be, how much was found. The
exit code is 1 if there is any.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from pathlib import Path

from bcos_core.home import Home
from bcos_core.jobs.made import made_by
from bcos_core.jobs.store import JobStore
from tests.chaos.campaign import Campaign, without_a_break
from tests.chaos.injections import Scene, set_clock
from tests.chaos.raters import Answering
from tests.chaos.verdict import Verdict
from tests.chaos.work import evaluation_of, trainings
from tests.chaos.world import World, small_disk

DISK_MEGABYTES = 1024
CLOCK = Path(__file__).parent / "clock"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--injections", type=int, default=100, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bcos-chaos-") as folder,
        small_disk(Path(folder) / "home", DISK_MEGABYTES) as disk,
    ):
        verdict = _run(Path(folder), args.injections, args.seed, disk=disk)
    for line in verdict.found:
        _say(line)
    sys.stdout.write(json.dumps({"seed": args.seed, **verdict.to_dict()}) + "\n")
    return 0 if verdict.is_clean else 1


def _run(folder: Path, injections: int, seed: int, *, disk: bool) -> Verdict:
    home = Home((folder / "home").resolve())
    clock = folder / "clock"
    set_clock(clock, 0)
    os.environ |= {
        "BCOS_HOME": str(home.root),
        "BCOS_ROOTS": str(folder),
        "OMP_NUM_THREADS": "1",  # sums are added in one order
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(CLOCK),
        "BCOS_CHAOS_CLOCK": str(clock),
    }
    store = JobStore.open(home)
    (folder / "raters").mkdir()
    world = World(store)
    scene = Scene(world, Answering(home, store.database, folder / "raters"), disk=disk, clock=clock)
    try:
        world.start_supervisor()
        works = trainings(folder / "inputs")
        done = {work.name: without_a_break(scene, work) for work in works}
        made = made_by(done["training"]).bcos
        assert made is not None
        works.append(evaluation_of(made.checkpoint))
        done["evaluation"] = without_a_break(scene, works[-1])
        unbroken = {work.name: work.figures(store, done[work.name]) for work in works}
        _say(f"Without a break: {json.dumps(unbroken)}")
        campaign = Campaign(scene, works, unbroken, _say)
        return campaign.run(injections, random.Random(seed))
    finally:
        scene.raters.end()
        world.kill_all()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
