"""Matrices whose rows and columns can be told at every width."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from figure_files import svg_texts

from bcos_core.render.colour import contrast
from bcos_core.render.figures.chart import chart_file
from bcos_core.render.matrix import DIVERGING, SEQUENTIAL, agreement_figure
from bcos_core.render.palette import PAGE_BACKGROUND, PAGE_TEXT, Mode


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


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("scale", [SEQUENTIAL, DIVERGING])
def test_the_pages_text_can_be_read_on_every_cell(scale: Sequence[tuple[float, str]], mode: Mode) -> None:
    for _, veil in scale:
        *channels, opacity = (float(part) for part in veil[len("rgba(") : -1].split(","))
        below = [int(PAGE_BACKGROUND[mode][place : place + 2], 16) for place in (1, 3, 5)]
        seen = [round(opacity * over + (1 - opacity) * under) for over, under in zip(channels, below, strict=True)]
        assert contrast("#" + "".join(f"{channel:02x}" for channel in seen), PAGE_TEXT[mode]) >= 4.5


def test_numbers_stand_in_their_cells_in_the_pages_own_colour() -> None:
    figure = agreement_figure("Same?", ["a", "b"], [[1.0, 0.25], [math.nan, 1.0]])
    assert [(note.x, note.y, note.text) for note in figure.layout.annotations] == [
        (0, 0, "1.00"),
        (1, 0, "0.25"),
        (0, 1, "–"),
        (1, 1, "1.00"),
    ]
    assert all(note.font.color is None for note in figure.layout.annotations)
    assert figure.data[0].texttemplate is None
    many = agreement_figure("Same?", [str(place) for place in range(31)], [[0.5] * 31] * 31)
    assert not many.layout.annotations  # hover has them


def test_a_number_is_drawn_once_in_a_picture() -> None:
    texts = svg_texts(chart_file(agreement_figure("Same?", ["a", "b"], [[1.0, 0.25], [0.75, 1.0]]), "svg"))
    assert texts.count("0.25") == texts.count("0.75") == 1
