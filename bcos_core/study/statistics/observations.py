"""A tidy frame of answers, checked once and turned into arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bcos_core.errors import DataError
from bcos_core.study.statistics.result import Basis

Codes = NDArray[np.intp]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Observations:
    """`rater`, `item`, `condition`, `value`: (answers,), the first three as places in the sorted names."""

    rater: Codes
    item: Codes
    condition: Codes
    value: Numbers
    raters: tuple[str, ...]
    items: tuple[str, ...]
    conditions: tuple[str, ...]

    @property
    def basis(self) -> Basis:
        return Basis(len(self.raters), len(self.items), len(self.value))

    @property
    def same(self) -> bool:
        """Whether there is no difference between any two answers."""
        return len(self.value) == 0 or bool(np.ptp(self.value) == 0)

    def of(self, condition: int) -> Numbers:
        """The answers of one condition."""
        return self.value[self.condition == condition]


def read_observations(frame: pd.DataFrame, value: str = "value") -> Observations:
    """The answers in `frame` that have a value in the column `value`. DataError for missing columns, or no numbers."""
    known = complete(frame, ("rater", "item", "condition"), (value,))
    rater, raters = coded(known["rater"])
    item, items = coded(known["item"])
    condition, conditions = coded(known["condition"])
    return Observations(rater, item, condition, known[value].to_numpy(dtype=float), raters, items, conditions)


def complete(frame: pd.DataFrame, names: tuple[str, ...], numbers: tuple[str, ...] = ()) -> pd.DataFrame:
    """The rows that have all of these columns, `numbers` as floats. DataError for columns that cannot be used."""
    missing = [column for column in (*names, *numbers) if column not in frame.columns]
    if missing:
        raise DataError(f"Answers need the columns {', '.join((*names, *numbers))}; missing: {', '.join(missing)}.")
    known = frame[[*names, *numbers]].dropna()
    for column in numbers:
        try:
            known = known.assign(**{column: known[column].astype(float)})
        except (TypeError, ValueError) as error:
            raise DataError(f"The column {column} must hold numbers: {error}.") from None
        if not np.isfinite(known[column].to_numpy()).all():
            raise DataError(f"The column {column} holds infinite numbers.")
    return known


def coded(names: pd.Series[str]) -> tuple[Codes, tuple[str, ...]]:
    """Each name's place in the sorted names, and the sorted names."""
    codes, known = pd.factorize(names.astype(str).to_numpy(dtype=object), sort=True)
    return codes.astype(np.intp), tuple(str(name) for name in known)
