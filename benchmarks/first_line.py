"""From asking for a job to the first line of its process in its log, and to the first stage of its work, on this
machine and on a Ray cluster of one node.

The supervisor is at work already. The job is the quick start: all that a real training loads before it says a word.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from bcos_core.home import Home
from bcos_core.jobs.launch import ensure_supervisor, stop_supervisor
from bcos_core.jobs.store import JobStore
from bcos_core.train.job import QUICKSTART
from bcos_core.train.quickstart import quickstart_spec
from tests.jobs.waiting import wait_until

JOBS = 5
LOOK_SECONDS = 0.02
START_SECONDS = 60.0


def first_lines() -> Iterator[dict[str, float]]:
    """The median and the longest of `JOBS` jobs, each cancelled when its first stage is there."""
    yield _summary("local", {})
    if importlib.util.find_spec("ray") is None:
        print("Ray: not measured. Needs: ray", flush=True)
        return
    from tests.jobs.ray_cluster import RayCluster

    cluster = RayCluster()
    try:
        with patch.dict(os.environ, cluster.environment):
            cluster.start()
            ray = {"BCOS_EXECUTOR": "ray", "BCOS_RAY_ADDRESS": cluster.address, "BCOS_RAY_PYTHON": sys.executable}
            # So many that one is free: Ray takes seconds to give back that of the job which was cancelled last.
            yield _summary("ray", {**ray, "BCOS_RAY_JOBS": str(JOBS)})
    finally:
        cluster.end()


def _summary(name: str, environment: dict[str, str]) -> dict[str, float]:
    with _supervised(environment) as store:
        lines, stages = zip(*[_first_line(store) for _ in range(JOBS)], strict=True)
    return {
        f"first_line_{name}_seconds": statistics.median(lines),
        f"first_line_{name}_longest_seconds": max(lines),
        f"first_stage_{name}_seconds": statistics.median(stages),
        f"first_line_{name}_load_per_core": os.getloadavg()[0] / (os.cpu_count() or 1),
    }


def _first_line(store: JobStore) -> tuple[float, float]:
    began, line = time.monotonic(), 0.0
    job, _ = QUICKSTART.submit(store, quickstart_spec())
    while "[1/" not in (said := store.log_tail(job.id)):
        if not line and "At work on" in said:
            line = time.monotonic() - began
        if time.monotonic() - began > START_SECONDS:
            raise TimeoutError(f"No stage in {START_SECONDS:g} s: {said[-500:]}")
        time.sleep(LOOK_SECONDS)
    stage = time.monotonic() - began
    store.cancel(job.id)
    wait_until(lambda: not store.get(job.id).active, "the end of a job that was cancelled")
    return line or stage, stage


@contextmanager
def _supervised(environment: dict[str, str]) -> Iterator[JobStore]:
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, environment, BCOS_HOME=folder):
        store = JobStore.open(Home(Path(folder).resolve()).create())
        ensure_supervisor(store.home)
        try:
            yield store
        finally:
            stop_supervisor(store.home)
            store.database.engine.dispose()
