"""The matrix of an answer as a figure and as a table, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from bcos_core.attribution.answer_rows import Row
from bcos_core.render.answer_matrix import answer_figure, answer_table
from bcos_core.render.figures.chart import checked_chart

NAMES = ["<s>", "the", " <b>keys</b>", " are", "."]
ADDED = [True, False, False, False, False]
ROWS = [
    Row(3, 7, (9.0, 1.0, -2.0), 0.5, 8.5, 8.5, 0.9, 7, 0.9),
    Row(4, 8, (-4.0, 0.5, 1.0, 1.5), 0.0, -1.0, -1.0, 0.1, 7, 0.6),
]


def test_a_row_has_what_stood_before_its_token() -> None:
    (heat,) = answer_figure("Where from?", NAMES, ADDED, ROWS).data
    assert [list(row) for row in heat.z] == [[9.0, 1.0, -2.0, None], [-4.0, 0.5, 1.0, 1.5]]
    assert (heat.zmin, heat.zmax) == (-2.0, 2.0)  # of words: the first token takes what it likes
    assert heat.text[0][2] == " &lt;b&gt;keys&lt;/b&gt; →  are: −2.00" and heat.text[0][3] == ""


def test_a_matrix_that_is_not_there_yet_has_its_place() -> None:
    figure = answer_figure("Where from?", NAMES, ADDED, ROWS[:1], count=2)
    whole = answer_figure("Where from?", NAMES, ADDED, ROWS)
    assert figure.layout.height == whole.layout.height
    assert figure.layout.xaxis.range == whole.layout.xaxis.range
    assert figure.layout.yaxis.range == whole.layout.yaxis.range == (1.5, -0.5)
    assert list(whole.data[0].y) == ["4 are", "5 ."]
    assert list(whole.data[0].x) == ["1 &lt;s&gt;", "2 the", "3 &lt;b&gt;keys&lt;/b&gt;", "4 are"]


def test_it_can_be_a_picture() -> None:
    checked_chart(answer_figure("Where from?", NAMES, ADDED, ROWS))


def test_the_table_adds_up_to_what_is_explained() -> None:
    table = answer_table(NAMES, ROWS)
    assert list(table.groupby("written_place")["score"].sum()) == pytest.approx([8.5, -1.0])
    assert list(table["source"].dropna())[:3] == NAMES[:3]
    shares = table[table["source"].isna()]
    assert list(shares["score"]) == [0.5, 0.0] and shares["source_place"].isna().all()
    assert isinstance(table, pd.DataFrame) and len(table) == 3 + 4 + 2
