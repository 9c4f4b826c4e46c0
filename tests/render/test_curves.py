"""Learning curves: the points that were measured, in the colour of their model."""

from __future__ import annotations

from bcos_core.render.curves import curves_table, learning_figures

CURVES = {
    "bcos/loss": [(10, 0.7), (20, float("nan")), (30, 0.5)],
    "conventional/loss": [(10, 0.6)],
    "bcos/accuracy": [(30, 0.81)],
    "bcos/b": [(10, 1.1)],
}


def test_both_models_share_a_chart_and_a_lost_point_is_left_out() -> None:
    loss, accuracy = learning_figures(CURVES)
    assert [(trace.name, list(trace.x), list(trace.y)) for trace in loss.data] == [
        ("B-cos", [10, 30], [0.7, 0.5]),
        ("conventional", [10], [0.6]),
    ]
    assert [trace.name for trace in accuracy.data] == ["B-cos"]


def test_a_model_has_one_colour_in_every_chart() -> None:
    loss, accuracy = learning_figures(CURVES)
    assert loss.data[0].line.color == accuracy.data[0].line.color != loss.data[1].line.color


def test_before_the_first_point_there_is_no_chart() -> None:
    assert learning_figures({}) == []
    assert learning_figures({"bcos/b": [(1, 1.0)]}) == []


def test_the_table_holds_every_point() -> None:
    table = curves_table({"bcos/loss": [(10, 0.7)], "bcos/b": [(10, 1.1)]})
    assert table.to_dict("records") == [
        {"series": "bcos/loss", "step": 10, "value": 0.7},
        {"series": "bcos/b", "step": 10, "value": 1.1},
    ]
