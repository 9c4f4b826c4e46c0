"""Learning curves: the points that were measured, in the colour of their model."""

from __future__ import annotations

import pytest

from bcos_core.render.curves import curves_table, learning_figures, runs_figures, runs_table

CURVES = {
    "bcos/loss: mean squared error": [(10, 0.7), (20, float("nan")), (30, 0.5)],
    "conventional/loss: mean squared error": [(10, 0.6)],
    "bcos/accuracy": [(30, 0.81)],
    "bcos/b": [(10, 1.1)],
}


def test_models_of_one_loss_share_a_chart_and_a_lost_point_is_left_out() -> None:
    loss, accuracy = learning_figures(CURVES)
    assert [(trace.name, list(trace.x), list(trace.y)) for trace in loss.data] == [
        ("B-cos", [10, 30], [0.7, 0.5]),
        ("conventional", [10], [0.6]),
    ]
    assert loss.layout.title.subtitle.text == "mean squared error"
    assert [trace.name for trace in accuracy.data] == ["B-cos"]


def test_losses_of_two_kinds_are_never_on_one_axis() -> None:
    first, second = learning_figures(
        {"bcos/loss: binary cross-entropy": [(1, 0.2)], "conventional/loss: cross-entropy": [(1, 0.4)]}
    )
    assert [[trace.name for trace in figure.data] for figure in (first, second)] == [["B-cos"], ["conventional"]]
    assert [figure.layout.title.subtitle.text for figure in (first, second)] == [
        "binary cross-entropy",
        "cross-entropy",
    ]


def test_losses_without_a_name_are_not_compared() -> None:
    figures = learning_figures({"bcos/loss": [(1, 0.2)], "conventional/loss": [(1, 0.4)]})
    assert [[trace.name for trace in figure.data] for figure in figures] == [["B-cos"], ["conventional"]]


@pytest.mark.parametrize("metric", ["accuracy", "micro_f1"])
@pytest.mark.parametrize("value", [0.0, 0.81, 1.0])
def test_an_axis_of_shares_is_the_whole_of_it_whatever_stands_on_it(metric: str, value: float) -> None:
    (figure,) = learning_figures({f"bcos/{metric}": [(1, value)]})
    axis = figure.layout.yaxis
    assert tuple(axis.range) == (0.0, 1.0) and (axis.minallowed, axis.maxallowed) == (0.0, 1.0)
    assert axis.ticktext == ("0 %", "20 %", "40 %", "60 %", "80 %", "100 %")


def test_a_point_says_a_share_as_it_is_written_elsewhere() -> None:
    (shares,), (errors,) = learning_figures({"bcos/accuracy": [(1, 0.815)]}), learning_figures({"bcos/mae": [(1, 2.5)]})
    assert (shares.data[0].text, errors.data[0].text) == (("81.5 %",), ("2.50",))
    assert errors.layout.yaxis.range is None


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


def test_two_trainings_are_drawn_over_each_other_where_they_measure_the_same() -> None:
    runs = {
        "first": {"bcos/loss: a": [(1, 0.7)], "bcos/accuracy": [(1, 0.5)], "conventional/accuracy": [(1, 0.6)]},
        "<second>": {"bcos/loss: a": [(1, 0.6)], "conventional/loss: b": [(1, 0.4)], "bcos/accuracy": [(2, 1.0)]},
    }
    figures = runs_figures(runs)
    assert [(one.layout.title.subtitle.text, [trace.name for trace in one.data]) for one in figures[:2]] == [
        ("a", ["first · B-cos", "&lt;second&gt; · B-cos"]),
        ("b", ["&lt;second&gt; · conventional"]),
    ]
    shares = figures[2]
    assert len(shares.data) == 3 and tuple(shares.layout.yaxis.range)[1] == 1.0
    looks = {trace.name: (trace.line.color, trace.line.dash) for trace in shares.data}
    assert looks["first · B-cos"][0] == looks["first · conventional"][0] != looks["&lt;second&gt; · B-cos"][0]
    assert looks["first · B-cos"][1] != looks["first · conventional"][1]
    table = runs_table(runs)
    assert list(table.columns) == ["training", "series", "step", "value"] and len(table) == 6


def test_two_losses_without_a_name_are_like_no_other_in_two_trainings() -> None:
    runs = {"first": {"bcos/loss": [(1, 0.7)]}, "second": {"bcos/loss": [(1, 0.6)]}}
    assert [len(figure.data) for figure in runs_figures(runs)] == [1, 1]


def test_the_perplexity_of_language_models_is_drawn_beside_their_losses() -> None:
    figures = learning_figures(
        {
            "bcos/loss: distillation": [(1, 0.2)],
            "bcos/perplexity": [(1, 40.25), (2, 31.5)],
            "conventional/perplexity": [(2, 30.0), (3, float("inf"))],
        }
    )
    _, drawn = figures
    assert [(trace.name, list(trace.y)) for trace in drawn.data] == [("B-cos", [40.25, 31.5]), ("conventional", [30.0])]
    assert drawn.layout.title.text == "Perplexity on validation texts" and drawn.layout.yaxis.range is None
