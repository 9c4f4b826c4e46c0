"""The matrix and the curves as they are drawn: numbers, marks and shades, and that names stay names."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bcos_core.evaluate.result import Contender, Evaluation
from bcos_core.evaluate.standing import standings
from bcos_core.render.colour import contrast
from bcos_core.render.figures.chart import chart_file, checked_chart
from bcos_core.render.palette import PAGE_TEXT
from bcos_core.render.removal_curves import curve_figures, curve_legend, p_in_words, with_legend
from bcos_core.render.score_matrix import WEAK, matrix_table, score_matrix
from bcos_core.render.scoreboard import frontier_figure, leaderboard_figure

HOSTILE = "<img src=x onerror=alert(1)> %{x} $y$"


def contender(method: str, values: list[float], model: str, curve: float) -> Contender:
    protocol = {"summary": "By hand.", "removal": "mask", "target": "the predicted class"}
    return Contender(
        checkpoint=model,
        path=f"/models/{model}",
        kind="bcos",
        method=method,
        values={"sufficiency": {f"t{place}": value for place, value in enumerate(values)}},
        protocols={"sufficiency": protocol},
        failed=0,
        forward_passes=1.0,
        backward_passes=0.5,
        seconds=0.1,
        curves={"deletion": [curve] * 11, "insertion": [1 - curve] * 11},
        bands={"deletion": [(curve - 0.1, curve + 0.1)] * 10 + [None], "insertion": [None] * 11},
    )


def evaluation(model: str = "m") -> Evaluation:
    contenders = (
        contender("bcos", [0.1, 0.2] * 6, model, 0.2),
        contender("saliency", [0.5, 0.6] * 6, model, 0.4),
        contender("random", [0.4, 0.3] * 6, model, 0.5),
    )
    return Evaluation("one", "Task", contenders, (), {"scores": ["sufficiency"], "probability": "softmax"}, 1.0)


def test_a_cell_has_its_number_its_interval_its_rank_and_its_mark() -> None:
    given = evaluation()
    stands = standings(given, given.rows())
    (model,) = score_matrix(stands, ("m", "saliency", "sufficiency"))["models"]
    assert model["columns"] == [{"title": "Sufficiency", "direction": "lower is better"}]
    cells = {row["title"]: row["cells"][0] for row in model["rows"]}
    assert list(cells) == ["B-cos contributions", "Random", "Saliency"]
    assert {title: cell["text"] for title, cell in cells.items()} == {
        "B-cos contributions": "0.150",
        "Random": "0.350",
        "Saliency": f"0.550 {WEAK}",
    }
    said = cells["Saliency"]["label"]
    assert said.startswith("Saliency, Sufficiency: 0.550, 95 % interval 0.5")
    assert said.endswith("12 texts. Rank 3 of 3. Not shown to be better than random.")
    assert "random" not in cells["B-cos contributions"]["label"]
    assert [cell["best"] for cell in cells.values()] == [True, False, False]
    assert [cell["chosen"] for cell in cells.values()] == [False, False, True]
    assert len({cell["light"] for cell in cells.values()}) == 3  # three ranks, three shades
    assert "1.50 passes" in model["rows"][0]["note"]
    assert list(matrix_table(stands[0])["Sufficiency"]) == ["0.150", "0.350", f"0.550 {WEAK}"]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_numbers_can_be_read_on_every_shade(mode: str) -> None:
    given = evaluation()
    (model,) = score_matrix(standings(given, given.rows()), ("", "", ""))["models"]
    for row in model["rows"]:
        assert contrast(row["cells"][0][mode], PAGE_TEXT[mode]) >= 4.5  # type: ignore[index]


def test_names_are_data() -> None:
    given = evaluation(HOSTILE)
    rows = given.rows()
    (model,) = score_matrix(standings(given, rows), ("", "", ""))["models"]
    assert model["name"] == HOSTILE  # the component makes text nodes of strings
    both = replace(given, contenders=(*given.contenders, *evaluation("other").contenders))
    figures = [leaderboard_figure(both.rows(), "sufficiency"), frontier_figure(both.rows(), "sufficiency")]
    figures += curve_figures(both).values()
    for figure in figures:
        assert "<img" not in figure.to_json() and "&lt;img" in figure.to_json()


def test_curves_have_one_legend_bands_and_switches() -> None:
    given = evaluation()
    assert [(entry["title"], entry["shown"]) for entry in curve_legend(given, {"random@m"})] == [
        ("B-cos contributions", True),
        ("Saliency", True),
        ("Random", False),
    ]
    figures = curve_figures(given, {"random@m"})
    assert list(figures) == ["deletion", "insertion"]
    drawn = json.loads(figures["deletion"].to_json())
    band, _, line, other = drawn["data"]  # bands lie under all lines
    assert line["y"] == [0.2] * 11 and line["name"] == "B-cos contributions" and other["name"] == "Saliency"
    assert line["x"] == pytest.approx([place / 10 for place in range(11)])
    # The upper ends from left to right, then the lower ones back; where a point has no interval, the point itself.
    assert band["y"] == pytest.approx([0.3] * 10 + [0.2] * 2 + [0.1] * 10) and band["x"] == band["x"][::-1]
    assert band["fill"] == "toself" and drawn["layout"]["showlegend"] is False
    assert curve_figures(given, {one.id for one in given.contenders}) == {}
    assert "95 % intervals" in p_in_words(given)


def test_an_evaluation_from_before_there_were_bands_is_drawn_without_and_says_so() -> None:
    given = replace(evaluation(), contenders=tuple(replace(one, bands={}) for one in evaluation().contenders))
    names = [trace.name for trace in curve_figures(given)["deletion"].data]
    assert names == ["B-cos contributions", "Saliency", "Random"]
    assert "No bands" in p_in_words(given)


def test_names_of_rows_stand_over_their_dots_and_leave_the_axis_its_width() -> None:
    given = evaluation()
    figure = leaderboard_figure(given.rows(), "sufficiency")
    assert [note.text for note in figure.layout.annotations] == ["Saliency", "Random", "B-cos contributions"]
    # Each name is above its own dot, and nearer to it than to the next one.
    assert [trace.y[0] for trace in figure.data] == [0, 1, 2]
    assert all(0.2 < note.y - place < 0.5 for place, note in enumerate(figure.layout.annotations))
    assert figure.layout.yaxis.showticklabels is False
    assert (figure.layout.title.text, figure.layout.title.subtitle.text) == ("Sufficiency", "lower is better")


def test_the_charts_can_be_pictures_with_their_names_in_them() -> None:
    given = evaluation()
    svg = chart_file(with_legend(curve_figures(given)["deletion"]), "svg").decode()
    assert all(name in svg for name in ("Saliency", "Random", "top tokens removed"))
    board = chart_file(leaderboard_figure(given.rows(), "sufficiency"), "svg").decode()
    assert "Saliency" in board and "lower is better" in board
    checked_chart(frontier_figure(given.rows(), "sufficiency"))
