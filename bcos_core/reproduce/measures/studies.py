"""Do the statistics of a study find what simulated raters of known taste were made to prefer?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bcos_core.reproduce.figure import Found
from bcos_core.reproduce.measure import Bench
from bcos_core.reproduce.ours import MEASURES, STUDY_SIZES, TASTES
from bcos_core.study.statistics.means import condition_differences
from bcos_core.study.statistics.simulated import SimulatedStudy

PREFERENCE = 0.5


def recovery(bench: Bench) -> Iterator[Found]:
    """Share of 95 % intervals that hold a true 0.5-point preference, and of p < 0.05 where there is none.

    Each rater sees each item in one of three conditions, a tenth of the answers is missing. Wanted: 0.92 – 0.98
    and at most 0.06.
    """
    places, runs = MEASURES["study_statistics"].places, bench.effort.studies
    for raters, items in STUDY_SIZES:
        for name, taste in TASTES.items():
            equal = SimulatedStudy(raters, items, rater_taste=taste, item_taste=taste)
            preferred = replace(equal, preference=PREFERENCE)
            covered = found = 0
            for seed in range(runs):
                difference = condition_differences(preferred.answers(seed))["c0 − c1"]
                nothing = condition_differences(equal.answers(runs + seed))["c0 − c1"]
                assert difference.low is not None and difference.high is not None and nothing.p is not None
                covered += difference.low <= PREFERENCE <= difference.high
                found += nothing.p < 0.05
            size = f"{raters}x{items}{name}"
            yield places[f"study_interval_coverage_{size}"].share(covered / runs, runs, "simulated studies")
            yield places[f"study_false_positives_{size}"].share(found / runs, runs, "simulated studies")
