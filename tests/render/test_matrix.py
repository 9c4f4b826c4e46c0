"""Matrices whose rows and columns can be told at every width."""

from __future__ import annotations

import math

from bcos_core.render.matrix import agreement_figure


def test_columns_have_the_numbers_of_the_rows_however_many_there_are() -> None:
    names = [f"Method {letter} · model" for letter in "abcdefgh"]
    rows = [[1.0 if one == other else 0.25 for other in names] for one in names]
    layout = agreement_figure("Same?", names, rows).layout
    assert list(layout.xaxis.ticktext) == [f"<b>{place}</b>" for place in range(1, 9)]
    assert list(layout.yaxis.ticktext)[1] == "Method b<br>model <b>2</b>"
    assert list(layout.xaxis.tickvals) == list(layout.yaxis.tickvals) == list(range(8))
    assert layout.xaxis.showticklabels is not False


def test_many_columns_have_one_digit_and_hover_has_two() -> None:
    few = agreement_figure("Same?", ["a", "b"], [[1.0, 0.25], [math.nan, 1.0]])
    assert [list(row) for row in few.data[0].text] == [["1.00", "0.25"], ["–", "1.00"]]
    many = agreement_figure("Same?", list("abcdef"), [[0.75] * 6] * 6)
    assert set(many.data[0].text[0]) == {"0.8"} and "%{z:.2f}" in many.data[0].hovertemplate
