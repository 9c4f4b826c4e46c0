"""Figures of trainings: the quick start, and a planted truth. Either is trained once in a home."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bcos_core.jobs.devices import available_cores
from bcos_core.lab.measures import MEASURES as LAB_MEASURES
from bcos_core.lab.run import run_lab
from bcos_core.model.identity import library_versions
from bcos_core.reproduce.figure import Found
from bcos_core.reproduce.measure import Bench
from bcos_core.reproduce.memory import forget_peak, peak_bytes
from bcos_core.reproduce.ours import MEASURES
from bcos_core.reproduce.stages import AsParts
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.train.once import COSINE, Once, train_once
from bcos_core.train.plan import KINDS

PEAK = "peak_bytes"
PLANTED_VERSION = 1
"""Raised when the lab changes what it gives."""


def the_quickstart(bench: Bench) -> dict[str, Once]:
    """Both models of the quick start, by kind, each trained now or before."""
    asked, found = bench.effort.quickstart, {}
    recipe = asked.recipe.replace(precision="fp32", twin=False)
    for kind, one in zip(KINDS, (recipe, recipe.conventional_twin()), strict=True):
        tells, reporter = forget_peak(), AsParts(bench.reporter, KINDS[kind])
        found[kind] = train_once(
            replace(asked, recipe=one),
            home=bench.home,
            work=bench.work,
            job=bench.job,
            reporter=reporter,
            measure=lambda tells=tells: {PEAK: float(peak_bytes())} if tells else {},  # type: ignore[misc]
        )
        reporter.end()
    return found


def quickstart(bench: Bench) -> Iterator[Found]:
    """Seconds of both trainings, from reading the data to the scores; both accuracies; the fit of the converted
    layers."""
    places, made = MEASURES["quickstart"].places, the_quickstart(bench)
    yield places["quickstart_seconds"].alone(sum(one.seconds for one in made.values()), available_cores(), "cores")
    for kind, one in made.items():
        assert one.info.test_size is not None  # training leaves it
        yield places[f"quickstart_accuracy_{kind}"].share(one.info.metrics["accuracy"], one.info.test_size, "texts")
    measured = made["bcos"].measured
    if COSINE in measured:
        yield places["quickstart_calibration_cosine"].alone(measured[COSINE])
    if PEAK in measured:
        yield places["quickstart_peak_memory_gb"].alone(measured[PEAK] / 1e9)


def planted_truth(bench: Bench) -> Iterator[Found]:
    """How often a planted word is among the three highest scores, for every method on both models, over the texts that
    the model decides by it."""
    places = MEASURES["planted_truth"].places
    for name, (share, n) in _planted(bench).items():
        if name in places:
            yield places[name].share(share, n, "planted texts")


def _planted(bench: Bench) -> dict[str, tuple[float, int]]:
    """Share and number of texts, by figure; kept under all that they depend on."""
    spec, store = bench.effort.lab, EvidenceStore(open_database(bench.home))
    subject = name_of([PLANTED_VERSION, spec.key, library_versions()])
    known = store.find(subject, "planted", ["shares"]).get("shares")
    if known is None:
        reporter = AsParts(bench.reporter)
        work = bench.work / "planted"
        result = run_lab(spec, home=bench.home, work=work, job=bench.job, reporter=reporter)
        kinds = {model.checkpoint: model.kind for model in result.verification}
        known = {f"planted_flips_{model.kind}": [model.flips, model.texts] for model in result.verification}
        for row in result.rows:
            if row.measure == "top_3" and row.n and row.mean is not None:
                known[f"planted_top_3_{kinds[row.checkpoint]}_{row.method}"] = [row.mean, row.n]
        assert LAB_MEASURES["top_3"].proportion  # its interval is a share's
        store.keep(subject, "planted", {"shares": known})
    return {name: (float(share), int(n)) for name, (share, n) in known.items()}
