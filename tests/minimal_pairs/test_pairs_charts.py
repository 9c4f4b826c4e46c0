"""What of a result is drawn and taken away: both charts, every pair once for each method, and Markdown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_pairs_result import DIFFERENCES, FIRST, GOOD, GUESS, RESULT, contender

from bcos_core.attribution.registry import CHANCE
from bcos_core.minimal_pairs.faithfulness import POINTS
from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.result import ALL, Source, Speaker
from bcos_core.render.pairs_charts import curve_figure, measure_figure, preference_figure
from bcos_core.render.pairs_report import every_pair, pairs_markdown
from bcos_core.tasks.estimates import bootstrap

NAMES = {"one": "My <i>model", "two": "Other"}
BOTH = replace(
    RESULT,
    speakers=(*RESULT.speakers, Speaker("two", "/models/two", "bcos", "identity", dict.fromkeys(FIRST, -1.0))),
    contenders=(
        *RESULT.contenders,
        contender(CHANCE, *[0.25] * 8, checkpoint="two"),
        contender("bcos", *[0.5] * 8, checkpoint="two"),
    ),
)


def test_the_share_of_right_words_is_drawn_with_its_interval_for_each_source_and_model() -> None:
    figure = preference_figure(BOTH.preferences(), NAMES)
    rows = {trace.name: trace for trace in figure.data}
    assert len(rows) == 5  # the second model was asked about no pair of the second source
    first = rows["agreement · My &lt;i&gt;model"]
    assert first.x == (6.5 / 8,)
    low, high = 6.5 / 8 - first.error_x.arrayminus[0], 6.5 / 8 + first.error_x.array[0]
    z2 = 1.959963984540054**2
    assert (low + high) / 2 == pytest.approx((6.5 / 8 + z2 / 16) / (1 + z2 / 8))  # Wilson's
    assert figure.layout.xaxis.range == (0, 1)
    alone = preference_figure(RESULT.preferences(), NAMES)
    assert [trace.name for trace in alone.data] == ["marked.csv", "agreement", ALL]  # from below


def test_a_score_is_drawn_the_best_on_top_beside_chance() -> None:
    figure = measure_figure(RESULT.rows(), "mrr", "agreement", NAMES)
    assert [trace.name for trace in figure.data][-1] == "B-cos contributions"
    assert {trace.name for trace in figure.data} == {"B-cos contributions", "Saliency", "Random (expected)"}
    chance = next(trace for trace in figure.data if trace.name == "Random (expected)")
    assert chance.x == (0.25,) and "no interval" in chance.hovertemplate
    assert figure.layout.title.text == MEASURES["mrr"].title and figure.layout.xaxis.range is None
    # What is written in per cent has an axis in per cent, the same in every chart.
    shares = measure_figure(RESULT.rows(), "top_1", "agreement", NAMES).layout.xaxis
    assert shares.range == (0, 1) and set(shares.ticktext) >= {"0 %", "100 %"}


def test_a_curve_is_drawn_with_its_band_and_another_score_has_none() -> None:
    heights = {"a": (3.0, *[1.0] * (POINTS - 1)), "b": (1.0, *[2.0] * (POINTS - 1))}
    rows = replace(RESULT, contenders=(GUESS, replace(GOOD, curves={"deletion": heights}))).curves()
    figure = curve_figure(rows, "deletion", "agreement", NAMES)
    assert figure is not None
    band, line = figure.data
    assert line.x == tuple(place / (POINTS - 1) for place in range(POINTS))
    assert line.y == (2.0, *[1.5] * (POINTS - 1))
    first = bootstrap([3.0, 1.0])
    assert tuple(line.customdata[0]) == (first.low, first.high)
    assert (band.y[-1], band.y[0]) == (first.low, first.high) and len(band.y) == 2 * POINTS
    assert curve_figure(rows, "mrr", "agreement", NAMES) is None


def test_every_pair_has_a_row_for_each_method_of_the_models_that_were_asked() -> None:
    twice = replace(BOTH, sources=(*BOTH.sources, Source("again.csv", ("a",))))
    table = every_pair(twice, NAMES)
    assert len(table) == 3 * len(DIFFERENCES) + 2 * len(FIRST)
    row = table[(table["prefix"] == "The a of them") & (table["method"] == "B-cos contributions")].iloc[0]
    assert row["pairs of"] == "agreement, again.csv" and row["evidence"] == "a" and row["model"] == NAMES["one"]
    assert (row["right word"], row["wrong word"], row["logit right − wrong"]) == (" is", " are", 2.0)
    assert row[MEASURES["mrr"].title] == GOOD.values["mrr"]["a"]


def test_markdown_says_what_the_page_says_and_names_stay_text() -> None:
    result = replace(RESULT, spec={"limit": 8, "unit": "token", "seed": 0, "reference": "none", "removal": "mask"})
    said = pairs_markdown(result, result.rows(), NAMES)
    assert "My &lt;i&gt;model prefers the right word in 87.5 % of 12 pairs" in said
    assert "| agreement |" in said and "Pairs of marked.csv" in said and "Random (expected)" in said
    assert "A note." in said and "<i>" not in said
