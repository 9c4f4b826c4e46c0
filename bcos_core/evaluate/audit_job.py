"""An audit as a job."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bcos_core.evaluate.plan import audit_plan
from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.run import JobRun
from bcos_core.model.identity import checkpoint_and_data
from bcos_core.model.info import CheckpointInfo, read_info

if TYPE_CHECKING:
    from bcos_core.evaluate.audit import Audit


@dataclass(frozen=True)
class AuditSpec:
    """The folders of the two models to compare: a B-cos one and its conventional twin, as a rule."""

    checkpoints: tuple[str, str]

    @classmethod
    def of(cls, first: CheckpointInfo, second: CheckpointInfo) -> AuditSpec:
        return cls((str(first.path), str(second.path)))

    @property
    def models(self) -> tuple[CheckpointInfo, CheckpointInfo]:
        """
        Raises:
            CheckpointError: one is not there any more.
        """
        first, second = self.checkpoints
        return read_info(Path(first)), read_info(Path(second))


def describe(spec: AuditSpec) -> str:
    return " · ".join(("Audit", *(info.name for info in spec.models)))


def key(spec: AuditSpec) -> str:
    return "audit:" + json.dumps([(str(info.path), checkpoint_and_data(info)) for info in spec.models])


def command(spec: AuditSpec) -> list[str]:
    first, second = spec.checkpoints
    return ["audit", first, "--against", second]


def run(spec: AuditSpec, job: JobRun) -> Audit:
    """The audit; what the models answered is kept as evidence, from which the Models page draws it."""
    from bcos_core.evaluate.audit_run import run_audit

    first, second = spec.models
    result = run_audit(first, second, home=job.home, reporter=job.reporter)
    job.finish({"differences": len(result.differences), "p": result.p})
    return result


AUDIT = JobKind(
    name="audit",
    title="Audit",
    specification=AuditSpec,
    describe=describe,
    key=key,
    command=command,
    run=run,
    page="models",
    lane=Lane.SHORT,
    plan=lambda spec: audit_plan(spec.models),
)
