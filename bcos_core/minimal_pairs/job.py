"""Asking by minimal pairs as a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.run import JobRun
from bcos_core.minimal_pairs.folders import read_folder
from bcos_core.minimal_pairs.plan import pairs_plan
from bcos_core.minimal_pairs.spec import PairsSpec, source_name
from bcos_core.numbers import count
from bcos_core.option import method_flags

if TYPE_CHECKING:
    from bcos_core.minimal_pairs.result import PairsResult


def describe(spec: PairsSpec) -> str:
    models = ", ".join(read_folder(source).name for source in spec.checkpoints)
    sources = ", ".join(map(source_name, spec.sources)) if len(spec.sources) < 3 else f"{len(spec.sources)} sources"
    return f"Minimal pairs · {sources} · {count(len(spec.methods), 'method')} · {models}"


def key(spec: PairsSpec) -> str:
    return spec.key


def command(spec: PairsSpec) -> list[str]:
    words = ["evaluate", *spec.checkpoints, "--pairs", *spec.sources, "--methods", *spec.methods]
    words += ["--scores", *spec.measures, f"--limit={spec.limit}", f"--unit={spec.unit}", f"--seed={spec.seed}"]
    words += [f"--removal={spec.removal}", f"--reference={spec.reference}"]
    return [*words, *method_flags(spec.options)]


def run(spec: PairsSpec, job: JobRun) -> PairsResult:
    """The result, which lies under `home.minimal_pairs` by the job's id."""
    from bcos_core.minimal_pairs.run import run_pairs

    result = run_pairs(spec, home=job.home, name=job.id, reporter=job.reporter)
    job.finish({"minimal_pairs": job.id, "seconds": result.seconds}, [job.home.minimal_pairs / job.id])
    return result


MINIMAL_PAIRS = JobKind(
    name="minimal-pairs",
    title="Minimal pairs",
    specification=PairsSpec,
    describe=describe,
    key=key,
    command=command,
    run=run,
    page="evaluate",
    parameter="minimal-pairs",
    plan=pairs_plan,
)
