"""Charts as files: vectors, text as text in fonts that the file carries, and the numbers of the chart."""

from __future__ import annotations

import io
import re

import plotly.graph_objects as go
import pytest
from figure_files import has_pixels, pdf_fonts, pdf_texts, svg_elements, svg_fonts, svg_texts
from PIL import Image

from bcos_core.errors import InputError
from bcos_core.render.figure_text import figure_text
from bcos_core.render.figures.chart import chart_file, checked_chart
from bcos_core.render.figures.points import points_table
from bcos_core.render.matrix import agreement_figure

HOSTILE = "</text><script>alert(1)</script> & $x^2$ \\frac {a} 100 %{y}"


def bars(**layout: object) -> go.Figure:
    figure = go.Figure(go.Bar(x=["first", "second"], y=[1.0, 2.0], name="Łódź − ταῦτα"))
    return figure.update_layout(
        title={"text": "How many?"}, yaxis={"title": {"text": "texts"}}, showlegend=True, **layout
    )


def test_an_svg_has_its_text_as_text_and_the_letters_of_its_fonts() -> None:
    data = chart_file(bars(), "svg")
    texts = svg_texts(data)
    assert {"How many?", "texts", "first", "second", "Łódź − ταῦτα"} <= set(texts)
    fonts = svg_fonts(data)
    assert set(fonts) == {("DejaVu Sans", "400"), ("DejaVu Sans", "700")}
    assert set("".join(texts)) - {" "} <= fonts["DejaVu Sans", "400"] | fonts["DejaVu Sans", "700"]
    assert "image" not in svg_elements(data)


def test_a_pdf_has_its_text_as_text_in_embedded_truetype_fonts() -> None:
    data = chart_file(bars(), "pdf")
    (text,) = pdf_texts(data)
    assert all(one in text for one in ("How many?", "texts", "first", "second", "Łódź − ταῦτα"))
    fonts = pdf_fonts(data)
    assert fonts and all(fonts.values()) and all("DejaVuSans" in name for name in fonts)
    assert not has_pixels(data)


def test_a_png_has_300_pixels_an_inch() -> None:
    assert Image.open(io.BytesIO(chart_file(bars(height=192), "png", width=3.0))).size == (900, 600)


def test_the_same_chart_is_the_same_file() -> None:
    assert chart_file(bars(), "svg") == chart_file(bars(), "svg")
    assert chart_file(bars(), "pdf") == chart_file(bars(), "pdf")


def test_a_bar_of_two_is_twice_as_high_as_one_of_one() -> None:
    paths = re.findall(
        r'<g id="patch_\d+">\s*<path d="([^"]+)"[^>]*style="fill: #[^f]', chart_file(bars(), "svg").decode()
    )
    heights = []
    for path in paths[:2]:  # the third is that of the legend
        ups = [float(y) for y in re.findall(r"[ML] [\d.]+ ([\d.]+)", path)]
        heights.append(max(ups) - min(ups))
    assert heights[1] == pytest.approx(2 * heights[0], rel=1e-4)


def test_names_from_data_are_text_whatever_they_say() -> None:
    figure = go.Figure(go.Bar(x=[1], y=[figure_text(HOSTILE)], orientation="h", name=figure_text(HOSTILE)))
    figure.update_layout(title={"text": figure_text(HOSTILE)}, showlegend=True)
    data = chart_file(figure, "svg")
    assert "script" not in svg_elements(data)
    # Long names of categories go over several lines; title and legend have it whole.
    assert svg_texts(data).count(HOSTILE) >= 1
    assert HOSTILE in pdf_texts(chart_file(figure, "pdf"))[0]


def test_letters_without_a_font_are_refused_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bcos_core.render.figures.fonts._installed", lambda: ())
    with pytest.raises(InputError, match=r"has the characters 日 本"):
        checked_chart(go.Figure(go.Bar(x=["日本"], y=[1])))


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InputError, match="A chart with 'pie' cannot be saved"):
        checked_chart(go.Figure(go.Pie(values=[1])))


def test_a_matrix_has_its_numbers() -> None:
    texts = svg_texts(chart_file(agreement_figure("Same?", ["a", "b"], [[1.0, 0.25], [0.25, float("nan")]]), "svg"))
    assert texts.count("0.25") == 2 and {"1.00", "–", "Same?"} <= set(texts)


def test_a_log_axis_and_shares_are_written_as_people_write_them() -> None:
    figure = go.Figure(go.Scatter(x=[1, 1000], y=[0.811, 0.829]))
    figure.update_layout(xaxis={"type": "log"}, yaxis={"tickformat": ".0%"})
    texts = svg_texts(chart_file(figure, "svg"))
    assert {"1", "10", "100", "1,000"} <= set(texts)
    shares = [text for text in texts if text.endswith("%")]
    assert len(shares) == len(set(shares)) > 2


def test_a_subtitle_notes_and_bands_are_drawn() -> None:
    figure = go.Figure()
    figure.add_scatter(x=[0, 1, 1, 0], y=[1, 1, 0, 0], fill="toself", fillcolor="rgba(18, 144, 142, 0.2)", mode="lines")
    figure.add_scatter(x=[0.25, 0.75], y=[0.5, 0.5], name="line")
    figure.add_annotation(text="beside the axis", x=0, xref="paper", xanchor="left", y=0.5, showarrow=False)
    figure.update_layout(title={"text": "Title", "subtitle": {"text": "higher is better"}})
    data = chart_file(figure, "svg")
    assert {"Title", "higher is better", "beside the axis"} <= set(svg_texts(data))
    assert re.search(r"fill: #12908e; (fill-opacity|opacity): 0\.2", data.decode())


def test_the_points_of_a_chart_as_a_table() -> None:
    figure = go.Figure()
    error = {"type": "data", "symmetric": False, "array": [0.2], "arrayminus": [0.1]}
    figure.add_scatter(x=[0.5], y=[figure_text("a & <b>")], error_x=error, name="one")
    assert points_table(figure).to_dict("records") == [
        {"series": "one", "x": 0.5, "y": "a & <b>", "x low": pytest.approx(0.4), "x high": pytest.approx(0.7)}
    ]
    matrix = points_table(agreement_figure("Same?", ["a", "b"], [[1.0, 0.25], [0.25, 1.0]]))
    assert [tuple(row) for row in matrix.to_numpy()] == [
        ("a", "a", 1.0),
        ("b", "a", 0.25),
        ("a", "b", 0.25),
        ("b", "b", 1.0),
    ]
