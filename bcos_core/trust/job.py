"""The trust tests as a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.run import JobRun
from bcos_core.numbers import count
from bcos_core.trust.plan import trust_plan
from bcos_core.trust.spec import TrustSpec

if TYPE_CHECKING:
    from bcos_core.trust.result import TrustReport


def describe(spec: TrustSpec) -> str:
    return f"Trust tests · {spec.model.name} · {count(len(spec.methods), 'method')}"


def key(spec: TrustSpec) -> str:
    return spec.key


def command(spec: TrustSpec) -> list[str]:
    return ["trust", spec.checkpoint, "--methods", *spec.methods, f"--limit={spec.limit}", f"--seed={spec.seed}"]


def run(spec: TrustSpec, job: JobRun) -> TrustReport:
    """The report, which is kept as the job's result."""
    from bcos_core.trust.run import run_trust

    report = run_trust(spec, home=job.home, reporter=job.reporter)
    job.finish(report.to_dict())
    return report


TRUST = JobKind(
    name="trust",
    title="Trust tests",
    specification=TrustSpec,
    describe=describe,
    key=key,
    command=command,
    run=run,
    page="evaluate",
    parameter="trust",
    plan=trust_plan,
)
