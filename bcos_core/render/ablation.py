"""An ablation drawn: every recipe's figures with their intervals, and what differs from the default."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from bcos_core.ablation.measures import Measure
from bcos_core.ablation.result import Ablation, Difference, RowResult, Side
from bcos_core.ablation.sentence import ablation_sentences
from bcos_core.ablation.spec import METHOD
from bcos_core.render.dots import add_dot, lay_out
from bcos_core.render.figure_text import figure_text
from bcos_core.render.markdown import escaped, markdown_table
from bcos_core.render.methods import method_colour
from bcos_core.tasks.estimates import Estimate

CONTRIBUTIONS = "bcos"
SIDES: tuple[Side, ...] = ("validation", "test")


def summary_table(ablation: Ablation, side: Side = "validation") -> pd.DataFrame:
    """One row for each recipe that has figures there, one column for each measure, with its 95 % interval; "better" and
    "worse" stand where a difference to the default is shown."""
    rows = [row for row in ablation.rows if any(row.table(one.name, side).size for one in _scored(ablation))]
    differences = {one.name: {d.row: d for d in ablation.differences(one, side)} for one in ablation.measures}
    return pd.DataFrame(
        [
            {
                "recipe": row.name,
                **{
                    measure.title: _cell(row, measure, side, differences[measure.name].get(row.name))
                    for measure in ablation.measures
                    if any(row.table(measure.name, side).size for row in rows)
                },
            }
            for row in rows
        ]
    )


def figures_table(ablation: Ablation) -> pd.DataFrame:
    """Every figure, one row each: a recipe, with the options that it changes, a side and a measure; the mean, and the
    difference to the default, with their 95 % intervals."""
    rows: list[dict[str, Any]] = []
    for side in SIDES:
        for measure in ablation.measures:
            differences = {one.row: one for one in ablation.differences(measure, side)}
            rows += [
                _figures(ablation, row, measure, side, differences.get(row.name))
                for row in ablation.rows
                if row.table(measure.name, side).size
            ]
    return pd.DataFrame(rows)


def ablation_markdown(ablation: Ablation) -> str:
    """What the figures support, both tables of means, the differences, and how they came about."""
    first, *others = ablation_sentences(ablation)
    parts = [f"**{escaped(first)}**", *map(escaped, others)]
    for side in SIDES:
        table = summary_table(ablation, side)
        if len(table):
            parts.append(markdown_table(table, f"{ablation.task}, {side} texts: mean [95 % interval]."))
    parts += [escaped(line) for line in (ablation.protocol, *ablation.notes)]
    parts += [escaped(f"Left out: {name}. {reason}") for name, reason in ablation.left_out]
    return "\n\n".join(parts) + "\n"


def ablation_figure(ablation: Ablation, measure: Measure, side: Side = "validation") -> go.Figure:
    """The mean of every recipe with its interval, in the order of the grid: the default on top, the twin below."""
    rows = [row for row in ablation.rows if row.table(measure.name, side).size]
    figure = go.Figure()
    for row in reversed(rows):
        estimate = measure.estimate(row.mean(measure.name, side))
        add_dot(
            figure,
            {"mean": estimate.mean, "low": estimate.low, "high": estimate.high, "n": estimate.n},
            label=figure_text(row.name),
            colour=method_colour(CONTRIBUTIONS if row.kind == "bcos" else METHOD),
            symbol="diamond" if row is ablation.default else "circle",
            written=measure.written,
        )
    direction = "higher" if measure.higher_is_better else "lower"
    subtitle = f"{direction} is better"
    lay_out(figure, measure.title, measure.title, len(rows), subtitle=subtitle, share=measure.share)
    return figure


def _scored(ablation: Ablation) -> list[Measure]:
    """The measures that are of texts."""
    return [one for one in ablation.measures if one.name in ablation.default.models[0].validation]


def _cell(row: RowResult, measure: Measure, side: Side, difference: Difference | None) -> str:
    if not row.table(measure.name, side).size:
        return "–"
    estimate = measure.estimate(row.mean(measure.name, side))
    said = measure.written(estimate.mean)
    if estimate.has_interval:
        said += f" [{measure.written(estimate.low)}, {measure.written(estimate.high)}]"
    if difference is not None and difference.shown:
        said += " better" if difference.better else " worse"
    return said


def _figures(
    ablation: Ablation, row: RowResult, measure: Measure, side: Side, difference: Difference | None
) -> dict[str, Any]:
    mean = row.mean(measure.name, side)
    estimate = measure.estimate(mean)
    gap = difference.found.estimate if difference else Estimate(float("nan"), float("nan"), float("nan"), 0)
    options = dict.fromkeys(name for one in ablation.rows for name in one.changes)
    recipe = ablation.spec["recipe"]
    return {
        "recipe": row.name,
        **{name: row.changes.get(name, recipe[name]) if row.kind == "bcos" else None for name in options},
        "side": side,
        "measure": measure.title,
        "mean": mean.mean,
        "low": estimate.low,
        "high": estimate.high,
        "seeds": mean.seeds,
        "texts": mean.texts,
        "difference": gap.mean,
        "difference_low": gap.low,
        "difference_high": gap.high,
        "p_holm": difference.p if difference else float("nan"),
        "shown": difference.shown if difference else None,
        "objective": row.objective,
    }
