"""The campaign as it is run by hand, but short; and that it would see what must not be."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.claims import claim
from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.store import JobStore
from tests.chaos.injections import INJECTIONS, Scene, _lose_head
from tests.chaos.verdict import Verdict, judge_artefacts, judge_end, judge_figures, judge_results
from tests.chaos.work import Work
from tests.databases import Databases

NOTHING = {"jobs_lost", "wrong_results", "answers_lost", "answers_doubled", "half_written", "left_running"}


@pytest.mark.timeout(1200)
def test_a_short_campaign_finds_nothing(databases: Databases) -> None:
    database = "sqlite" if databases.cluster is None else "postgresql"
    command = [sys.executable, "-m", "tests.chaos", "--injections", "4", "--seed", "3", "--database", database]
    command.append("--without-ray")  # whose head takes longer to come back than all this
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=1100)
    assert done.stdout, done.stderr[-2000:]
    verdict = json.loads(done.stdout.splitlines()[-1])
    assert {name: verdict[name] for name in NOTHING} == dict.fromkeys(NOTHING, 0), verdict["found"]
    assert done.returncode == 0
    assert verdict["injections"] == 4 == sum(verdict["by_kind"].values())
    assert verdict["jobs"] >= 2 and verdict["answers"] > 0
    assert set(verdict["left_out"]) < set(INJECTIONS)


def scene(**done: Any) -> Scene:
    """What was done to jobs, and nobody there."""
    nobody: Any = SimpleNamespace()
    return Scene(nobody, nobody, disk=True, clock=Path("clock"), **done)


@pytest.fixture
def job(store: JobStore) -> Job:
    return store.submit("count", "Counting", {}, "count")[0]


@pytest.mark.parametrize(
    ("changes", "done", "is_lost"),
    [
        ({"state": JobState.SUCCEEDED, "result": {"total": 1}}, {}, False),
        ({"state": JobState.SUCCEEDED}, {}, True),
        ({"state": JobState.QUEUED}, {}, True),
        ({"state": JobState.RUNNING}, {}, True),
        ({"state": JobState.CANCELLED}, {}, True),
        ({"state": JobState.CANCELLED}, {"cancelled": {"ID"}}, False),
        ({"state": JobState.CANCELLED}, {"cancelled": {"another"}}, True),
        ({"state": JobState.FAILED}, {}, True),
        ({"state": JobState.FAILED}, {"starved": {"ID"}}, False),
        ({"state": JobState.FAILED, "crashes": 3}, {"killed": Counter(ID=3)}, False),
        ({"state": JobState.FAILED, "crashes": 3}, {"killed": Counter(ID=2)}, True),
        ({"state": JobState.FAILED, "crashes": 1}, {"killed": Counter(ID=3)}, True),
    ],
)
def test_an_end_that_nothing_explains_is_a_lost_job(
    job: Job, changes: dict[str, Any], done: dict[str, Any], is_lost: bool
) -> None:
    verdict = Verdict()
    judge_end(verdict, scene(**done), replace(job, id="ID", **changes))
    assert verdict.jobs_lost == len(verdict.found) == is_lost


def test_what_is_on_its_way_to_a_cluster_or_works_there_is_lost_with_its_head(store: JobStore) -> None:
    for key, executor in (("a", "ray"), ("b", "local"), ("c", "ray")):
        store.submit("count", key, {}, key)
        claimed = claim(store, f"{executor}:1", executor=executor)
        assert claimed is not None
    store.submit("count", "waits", {}, "d")
    lost: list[str] = []
    ray: Any = SimpleNamespace(lose_head=lambda: lost.append("head"))
    hit = replace(scene(ray=ray), world=SimpleNamespace(store=store))
    _lose_head(hit)
    assert lost == ["head"]
    assert {store.get(id).title: times for id, times in hit.killed.items()} == {"a": 1, "c": 1}


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        ({"loss": 2.0}, 0),
        ({"loss": 2.0001}, 0),
        ({"loss": 2.001}, 1),
        ({"loss": float("nan")}, 1),
        ({}, 1),
        ({"loss": 2.0, "another": 1.0}, 1),
    ],
)
def test_figures_that_are_not_those_of_an_unbroken_job_are_wrong(
    store: JobStore, job: Job, found: dict[str, float], wrong: int
) -> None:
    verdict = Verdict()
    work = Work("counting", lambda store: job, lambda store, job: found)
    judge_figures(verdict, store, work, job, {"loss": 2.0})
    assert verdict.wrong_results == wrong and verdict.is_clean == (not wrong)


def test_what_is_half_written_or_belongs_to_nobody_is_seen(store: JobStore, home: Home, job: Job) -> None:
    whole, half, hidden = (home.evaluations / name for name in ("whole", "half", ".half"))
    for folder in (half, hidden):
        folder.mkdir()
        (folder / "evaluation.json").write_text('{"name": "cut')
    verdict, known = Verdict(), set[Path]()
    for _ in range(2):  # found once
        judge_results(verdict, home, known)
    assert verdict.half_written == 1 and "evaluations/half" in verdict.found[0]

    shutil.rmtree(half)
    verdict = Verdict()
    judge_artefacts(verdict, home, [replace(job, artefacts=(str(whole),))])
    assert verdict.found == ["evaluations/whole: it is said to be made, and is not there"]
    whole.mkdir()
    judge_artefacts(verdict, home, [])
    assert verdict.found[1:] == ["evaluations/whole: no job has made it"] and verdict.half_written == 2
