"""The power hint of a design: what difference its study can be expected to show."""

from __future__ import annotations

from bcos_core.study.design import StudyDesign
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.statistics.power import SampleSize, detectable_difference
from bcos_core.study.statistics.result import Result


def power_hint(design: StudyDesign) -> Result:
    """The difference of two conditions that the study shows with 80 % power, once every item has its answers."""
    protocol = PROTOCOLS[design.protocol]
    return detectable_difference(
        SampleSize(
            design.raters_needed,
            design.source.count,
            design.items_per_rater,
            max(2, len(design.conditions)),
            protocol.variation,
            design.heatmaps,
        )
    )
