"""Do the statistics of a study find what simulated raters of known taste were made to prefer?"""

from __future__ import annotations

from dataclasses import replace

from bcos_core.study.statistics.means import condition_differences
from bcos_core.study.statistics.simulated import SimulatedStudy
from benchmarks.subjects import Subjects

RUNS = 200
PREFERENCE = 0.5
SIZES = ((20, 24), (8, 12))
TASTES = {"": 0.0, "_tastes_differ": 0.3}  # how much raters and items differ in what they like, latent scale


def recovery(_: Subjects | None = None) -> dict[str, float]:
    """Share of 95 % intervals that hold a true 0.5-point preference, and of p < 0.05 where there is none.

    Each rater sees each item in one of three conditions, a tenth of the answers is missing. Wanted: 0.92 – 0.98
    and at most 0.06.
    """
    figures = {}
    for raters, items in SIZES:
        for name, taste in TASTES.items():
            equal = SimulatedStudy(raters, items, rater_taste=taste, item_taste=taste)
            preferred = replace(equal, preference=PREFERENCE)
            covered = found = 0
            for seed in range(RUNS):
                difference = condition_differences(preferred.answers(seed))["c0 − c1"]
                nothing = condition_differences(equal.answers(RUNS + seed))["c0 − c1"]
                assert difference.low is not None and difference.high is not None and nothing.p is not None
                covered += difference.low <= PREFERENCE <= difference.high
                found += nothing.p < 0.05
            figures[f"study_interval_coverage_{raters}x{items}{name}"] = covered / RUNS
            figures[f"study_false_positives_{raters}x{items}{name}"] = found / RUNS
    return figures
