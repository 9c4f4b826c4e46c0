"""A retest as a job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from bcos_core.errors import BcosError
from bcos_core.evaluate.plan import retest_plan
from bcos_core.evaluate.retest_spec import RetestSpec
from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.made import result_of
from bcos_core.jobs.run import JobRun
from bcos_core.jobs.store import JobState, JobStore
from bcos_core.model.identity import checkpoint_and_data
from bcos_core.model.info import CheckpointInfo

if TYPE_CHECKING:
    from bcos_core.evaluate.retest import Retest


def describe(spec: RetestSpec) -> str:
    return f"Retest · “{spec.word}” · {spec.model.name}"


def key(spec: RetestSpec) -> str:
    asked = [spec.word, spec.label, spec.method, spec.edit, spec.other, spec.limit, spec.seed]
    return "retest:" + json.dumps([spec.checkpoint, checkpoint_and_data(spec.model), *asked])


def command(spec: RetestSpec) -> list[str]:
    words = ["retest", spec.checkpoint, spec.word, f"--label={spec.label}", f"--method={spec.method}"]
    words += [f"--edit={spec.edit}", f"--limit={spec.limit}", f"--seed={spec.seed}"]
    return words + ([f"--other={spec.other}"] if spec.other else [])


def run(spec: RetestSpec, job: JobRun) -> Retest:
    from bcos_core.evaluate.retest_run import run_retest

    found = run_retest(spec, home=job.home, reporter=job.reporter)
    job.finish(found.to_dict())
    return found


RETEST = JobKind(
    name="retest",
    title="Retest",
    specification=RetestSpec,
    describe=describe,
    key=key,
    command=command,
    run=run,
    page="models",
    lane=Lane.SHORT,
    plan=lambda spec: retest_plan(spec.model, spec.method, spec.limit),
)


def known_retests(info: CheckpointInfo, store: JobStore) -> list[Retest]:
    """What was retested of a model as its files and data are now, the newest first; what cannot be read is left out."""
    from bcos_core.evaluate.retest import Retest

    found: dict[str, Retest] = {}
    for job in store.list(kind=RETEST.name).found:
        try:
            spec = RETEST.read(job.spec)
            here = Path(spec.checkpoint).resolve() == info.path.resolve()
            if here and job.state == JobState.SUCCEEDED and job.key == RETEST.key(spec) and job.key not in found:
                found[job.key] = result_of(job, Retest)
        except BcosError:
            continue
    return list(found.values())
