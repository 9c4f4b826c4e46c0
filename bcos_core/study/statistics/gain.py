"""Forward simulation: how much better raters guess the model's prediction once they see the heatmap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from bcos_core.errors import DataError
from bcos_core.study.statistics.means import SAMPLED, WITHIN, condition_differences, condition_means
from bcos_core.study.statistics.observations import complete
from bcos_core.study.statistics.result import Quantity, Result

_ASSUMES = (
    "The first guess is made without the heatmap and the second with it, so that a gain is the heatmap's and the "
    "second look's together; compare conditions to tell them apart. "
)


def simulation_gain(answers: pd.DataFrame) -> Result:
    """Accuracy before, after, and the gain, for each condition, and differences of the gain between conditions.

    Columns `rater`, `item`, `condition`, `before`, `after` (1 right, 0 wrong). A gain's p is for it being 0; Holm's
    correction is over the differences. DataError for a frame that has not these, or other values.
    """
    known = complete(answers, ("rater", "item", "condition"), ("before", "after"))
    if not np.isin(known[["before", "after"]].to_numpy(), (0.0, 1.0)).all():
        raise DataError("The columns before and after must hold 0 (wrong) or 1 (right).")
    known = known.assign(gain=known["after"] - known["before"])
    before, after = condition_means(known, value="before"), condition_means(known, value="after")
    gain = condition_means(known, value="gain", test=True)
    apart = condition_differences(known, value="gain")
    quantities = (
        *_named(before, "accuracy before, {}"),
        *_named(after, "accuracy after, {}"),
        *_named(gain, "gain, {}"),
        *_named(apart, "gain, {}"),
    )
    test = "Simulation accuracy before and after the heatmap"
    return Result(test, _ASSUMES + WITHIN + SAMPLED, gain.basis, quantities, undefined=gain.undefined)


def _named(result: Result, form: str) -> list[Quantity]:
    return [replace(quantity, name=form.format(quantity.name)) for quantity in result.quantities]
