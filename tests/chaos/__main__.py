"""The fault campaign as a command: `make chaos`, or `python -m tests.chaos --injections 100 --database postgresql`.

The last line is JSON: how many injections of which kind, and of everything that must not be, how much was found. The
exit code is 1 if there is any.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bcos_core.home import Home
from bcos_core.jobs.executors.settings import ADDRESS, LOCAL, RAY
from bcos_core.jobs.made import made_by
from bcos_core.jobs.store import JobStore
from bcos_core.storage.database import URL_VARIABLE
from tests.chaos.campaign import Campaign, without_a_break
from tests.chaos.injections import Scene, set_clock
from tests.chaos.network import Network
from tests.chaos.raters import Answering
from tests.chaos.verdict import Verdict
from tests.chaos.work import evaluation_of, trainings
from tests.chaos.world import World, small_disk
from tests.cluster import PASSWORD, Cluster, running_cluster
from tests.jobs.ray_cluster import RayCluster

DISK_MEGABYTES = 1024
CLOCK = Path(__file__).parent / "clock"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--injections", type=int, default=100, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--without-ray", action="store_true", help="no job on a Ray cluster, where Ray is installed")
    args = parser.parse_args()
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="bcos-chaos-")))
        disk = ending.enter_context(small_disk(folder / "home", DISK_MEGABYTES))
        cluster = ending.enter_context(running_cluster(durable=True)) if args.database == "postgresql" else None
        ray = None
        if not args.without_ray and importlib.util.find_spec("ray"):
            ray = RayCluster()
            ending.callback(ray.end)
        verdict = _run(folder, args.injections, args.seed, disk=disk, cluster=cluster, ray=ray)
    for line in verdict.found:
        _say(line)
    sys.stdout.write(json.dumps({"database": args.database, "seed": args.seed, **verdict.to_dict()}) + "\n")
    return 0 if verdict.is_clean else 1


def _run(
    folder: Path, injections: int, seed: int, *, disk: bool, cluster: Cluster | None, ray: RayCluster | None
) -> Verdict:
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
    os.environ.pop(URL_VARIABLE, None)
    network = None
    if cluster is None:
        store = JobStore.open(home)
    else:
        name = cluster.make_database()
        os.environ[URL_VARIABLE] = cluster.address(name).render_as_string()
        store = JobStore.open(home)
        network = Network(cluster.port)
        beyond = cluster.over_tcp(name).set(port=network.port)
        os.environ[URL_VARIABLE] = beyond.render_as_string(hide_password=False)
    if ray is not None:
        if cluster is not None:
            os.environ["PGPASSWORD"] = PASSWORD  # the nodes' own: a cluster is not told it
        os.environ |= ray.environment | {ADDRESS: ray.address, "BCOS_RAY_PYTHON": sys.executable}
        ray.start()
    (folder / "raters").mkdir()
    world = World(store, (LOCAL, RAY) if ray else (LOCAL,))
    raters = Answering(home, store.database, folder / "raters")
    server = cluster.server if cluster else None
    scene = Scene(world, raters, disk=disk, clock=clock, network=network, server=server, ray=ray)
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
        if network is not None:
            network.close()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
