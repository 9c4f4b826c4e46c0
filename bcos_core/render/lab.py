"""A planted-truth experiment drawn: how well each method finds what is known to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd
import plotly.graph_objects as go

from bcos_core.attribution.registry import METHODS
from bcos_core.lab.measures import MEASURES
from bcos_core.lab.result import LabRow
from bcos_core.render.dots import SYMBOLS, add_dot, lay_out
from bcos_core.render.figure_text import figure_text
from bcos_core.render.methods import method_colour, method_title


def lab_rows(rows: Sequence[LabRow], measure: str) -> list[LabRow]:
    """The rows of one measure, the best first, those without a value last."""
    better = MEASURES[measure].higher_is_better
    return sorted(
        (row for row in rows if row.measure == measure),
        key=lambda row: (row.mean is None, 0.0 if row.mean is None else -row.mean if better else row.mean),
    )


def lab_figure(rows: Sequence[LabRow], measure: str, kinds: dict[str, str]) -> go.Figure:
    """Means with their 95 % intervals, the best on top; `kinds` names each checkpoint for a person."""
    measured = MEASURES[measure]
    ranked = [row for row in lab_rows(rows, measure) if row.mean is not None]
    figure = go.Figure()
    for row in reversed(ranked):
        label = f"{method_title(row.method)} · {figure_text(kinds[row.checkpoint])}"
        symbol = SYMBOLS[list(kinds).index(row.checkpoint) % len(SYMBOLS)]
        add_dot(
            figure,
            asdict(row.estimate),
            label=label,
            colour=method_colour(row.method),
            symbol=symbol,
            written=measured.written,
        )
    direction = "higher" if measured.higher_is_better else "lower"
    lay_out(
        figure,
        measured.title,
        measured.title.lower(),
        len(ranked),
        subtitle=f"{direction} is better",
        share=measured.share,
    )
    return figure


def chance_in_words(rows: Sequence[LabRow], measure: str, kinds: dict[str, str]) -> str:
    """What random scores reach in a measure: what chance gives. Empty where there is nothing to find."""
    known = [row for row in rows if row.measure == measure and METHODS[row.method].chance and row.mean is not None]
    said = (f"{MEASURES[measure].written(row.estimate.mean)} ({kinds[row.checkpoint]})" for row in known)
    return f"By chance, as random scores have it: {', '.join(said)}." if known else ""


def lab_table(rows: Sequence[LabRow], kinds: dict[str, str]) -> pd.DataFrame:
    """Every measure of every method, one row each."""
    return pd.DataFrame(
        [
            {
                "measure": MEASURES[row.measure].title,
                "method": method_title(row.method),
                "model": kinds[row.checkpoint],
                "mean": row.mean,
                "low": row.estimate.low,
                "high": row.estimate.high,
                "texts": row.n,
                "failed": row.failed,
            }
            for measure in MEASURES
            for row in lab_rows(rows, measure)
        ]
    )
