"""The chart of an experiment: its axis, what a dot says, and what chance gives."""

from __future__ import annotations

import pytest

from bcos_core.lab.result import LabRow
from bcos_core.render.lab import chance_in_words, lab_figure

KINDS = {"b": "B-cos", "c": "conventional"}


def row(measure: str, method: str, mean: float | None, n: int = 20, model: str = "b") -> LabRow:
    return LabRow(model, method, measure, mean, None, None, n, 0)


@pytest.mark.parametrize("measure", ["top_3", "precision", "positive_share"])
def test_shares_have_the_whole_axis_and_are_written_as_shares(measure: str) -> None:
    figure = lab_figure([row(measure, "bcos", 0.4), row(measure, "random", 0.1)], measure, KINDS)
    assert tuple(figure.layout.xaxis.range) == (0.0, 1.0) and figure.layout.xaxis.ticktext[1] == "20 %"
    assert "B-cos contributions · B-cos: 40.0 %, " in figure.data[1].hovertemplate


def test_a_rank_is_no_share() -> None:
    figure = lab_figure([row("rank", "bcos", 2.5)], "rank", KINDS)
    assert figure.layout.xaxis.range is None and ": 2.50, no interval" in figure.data[0].hovertemplate


def test_what_chance_gives_is_said_of_each_model() -> None:
    rows = [row("top_3", "random", 0.2), row("top_3", "random", 0.25, model="c"), row("top_3", "bcos", 1.0)]
    assert chance_in_words(rows, "top_3", KINDS) == (
        "By chance, as random scores have it: 20.0 % (B-cos), 25.0 % (conventional)."
    )
    assert chance_in_words([row("rank", "random", 4.25)], "rank", KINDS).endswith(" 4.25 (B-cos).")
    assert chance_in_words([row("top_3", "random", None, 0)], "top_3", KINDS) == ""
