"""Forward simulation by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bcos_core.errors import DataError
from bcos_core.study.statistics.gain import simulation_gain


def test_gains_by_hand() -> None:
    rows = [
        (rater, item, "shown" if (rater + item) % 2 else "random", before, before or (rater + item) % 2)
        for rater in range(8)
        for item in range(8)
        for before in [int((rater * item) % 3 == 0)]
    ]
    frame = pd.DataFrame(rows, columns=["rater", "item", "condition", "before", "after"])
    result = simulation_gain(frame)
    shown = frame[frame["condition"] == "shown"]
    assert result["accuracy before, shown"].value == pytest.approx(shown["before"].mean())
    assert result["accuracy after, shown"].value == 1.0
    assert result["gain, shown"].value == pytest.approx(1 - shown["before"].mean())
    assert result["gain, random"].value == 0.0
    assert "do not vary" in result["gain, random"].undefined
    apart = result["gain, random − shown"]
    assert apart.value is not None and apart.high is not None and apart.high < 0
    assert apart.p is not None and apart.p < 0.05


def test_a_gain_of_nothing_is_seldom_found() -> None:
    draw = np.random.default_rng(0)
    found = 0
    for _ in range(60):
        rater, item = (axis.ravel() for axis in np.indices((12, 12)))
        frame = pd.DataFrame({"rater": rater, "item": item, "condition": (rater + item) % 2})
        chance = 0.5 + 0.2 * draw.normal(size=12)[item] + 0.1 * draw.normal(size=12)[rater]
        frame["before"], frame["after"] = (draw.random((2, 144)) < chance).astype(int)
        p = simulation_gain(frame)["gain, 0 − 1"].p
        found += p is not None and p < 0.05
    assert found <= 5  # 95 of 100 times for a test of exactly 5 %


def test_other_values_and_columns() -> None:
    frame = pd.DataFrame([(0, 0, "a", 0, 2)], columns=["rater", "item", "condition", "before", "after"])
    with pytest.raises(DataError, match="0 \\(wrong\\)"):
        simulation_gain(frame)
    with pytest.raises(DataError, match="after"):
        simulation_gain(frame.drop(columns="after"))
    assert simulation_gain(frame.head(0)).undefined
