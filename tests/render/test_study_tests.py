"""The table of every test of a study."""

from __future__ import annotations

import pandas as pd

from bcos_core.render.study_tests import tests_table as table_of
from bcos_core.study.analysis import Analysis
from bcos_core.study.statistics.result import Basis, Quantity, Result

BASIS = Basis(8, 9, 72)


def test_every_test_has_a_row_and_nothing_else_has() -> None:
    pair = ("B-cos · model", "B-cos · model-conventional")
    results = (
        Result("Means", "", BASIS, (Quantity(pair[0], 3.0, 2.0, 4.0),)),
        Result("Differences", "", BASIS, (Quantity(" − ".join(pair), 0.5, 0.1, 0.9, 0.02, 0.04, pair=pair),)),
        Result("Ordinal model", "", BASIS, (Quantity("threshold", 1.0),), p=0.03),
        Result("Friedman", "", BASIS, undefined="Too few."),
        Result("Few", "", BASIS, (Quantity("a − b", 0.5, undefined="6 are needed.", pair=("a", "b")),)),
    )
    analyses = [Analysis("How clear?", results, pd.DataFrame())]
    table = table_of(analyses, {pair[0]: "ours", pair[1]: "theirs"})
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    assert [(row["compared"], row["test"], row["p (Holm)"], row["note"]) for row in rows] == [
        ("ours − theirs", "Differences", 0.04, ""),
        ("all conditions", "Ordinal model", None, ""),
        ("–", "Friedman", None, "Too few."),
        ("a − b", "Few", None, "6 are needed."),
    ]
    assert rows[0]["low"] == 0.1 and rows[1]["p"] == 0.03 and rows[0]["question"] == "How clear?"


def test_rounding_of_the_arithmetic_is_shown_as_nothing() -> None:
    noise = Quantity("a − b", 6.7e-16, -0.2, 0.2, 1.0, 1.0, pair=("a", "b"))
    table = table_of([Analysis("How clear?", (Result("Differences", "", BASIS, (noise,)),), pd.DataFrame())], {})
    assert list(table.loc[0, ["value", "low", "high"]]) == [0.0, -0.2, 0.2]
