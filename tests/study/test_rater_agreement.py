"""Krippendorff's α on his own data, and where it is undefined."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bcos_core.errors import UnknownNameError
from bcos_core.study.statistics.agreement import agreement
from bcos_core.study.statistics.simulated import SimulatedStudy

# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C: four observers, twelve units.
OBSERVERS = ("1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 .")


def frame(rows: tuple[str, ...] = OBSERVERS) -> pd.DataFrame:
    cells = [
        (rater, item, "a", float(value))
        for rater, row in enumerate(rows)
        for item, value in enumerate(row.split())
        if value != "."
    ]
    return pd.DataFrame(cells, columns=["rater", "item", "condition", "value"])


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_the_published_example(level: str, published: float) -> None:
    found = agreement(frame(), level=level)["α"]
    assert found.value == pytest.approx(published, abs=5e-4)
    assert found.low is not None and found.high is not None and found.low < published < found.high <= 1


def test_nominal_alpha_by_hand_in_both_conditions() -> None:
    # Two raters, two conditions of six items: pairs (1,1) (1,1) (2,2) (2,2) (1,2) (2,2) in a, and all (1,1) in b.
    first = [(i, "a", value) for i, value in enumerate((1, 1, 2, 2, 1, 2))] + [(i, "b", 1) for i in range(6)]
    second = [(i, "a", value) for i, value in enumerate((1, 1, 2, 2, 2, 2))] + [(i, "b", 1) for i in range(6)]
    rows = [(rater, *one) for rater, half in (("x", first), ("y", second)) for one in half]
    # 24 values, 17 of them 1 and 7 of them 2; D_o = 2 / 24, D_e = 2 · 17 · 7 / (24 · 23).
    expected = 1 - (2 / 24) / (2 * 17 * 7 / (24 * 23))
    found = agreement(pd.DataFrame(rows, columns=["rater", "item", "condition", "value"]), level="nominal")
    assert found["α"].value == pytest.approx(expected)


def test_raters_who_guess_agree_by_chance() -> None:
    answers = SimulatedStudy(raters=10, items=40).answers(0)
    answers["value"] = np.random.default_rng(0).permutation(answers["value"].to_numpy())
    found = agreement(answers)["α"]
    assert found.low is not None and found.high is not None and found.low < 0 < found.high


@pytest.mark.parametrize(
    ("rows", "word"),
    [(("1 2 3",), "two raters"), (("1 . 3", ". 2 ."), "two raters in the same"), (("2 2 2", "2 2 2"), "All answers")],
)
def test_undefined_has_a_reason(rows: tuple[str, ...], word: str) -> None:
    result = agreement(frame(rows))
    assert not result.quantities and word in result.undefined


def test_few_items_have_a_value_but_no_interval() -> None:
    found = agreement(frame(("1 2 3", "1 2 2")))["α"]
    assert found.value is not None and found.low is None and "6" in found.undefined


def test_a_second_answer_of_one_rater_is_not_a_second_rater() -> None:
    twice = pd.concat([frame(), frame()])
    assert agreement(twice)["α"].value == pytest.approx(agreement(frame())["α"].value)


def test_an_unknown_level() -> None:
    with pytest.raises(UnknownNameError, match="nominal"):
        agreement(frame(), level="rank")
