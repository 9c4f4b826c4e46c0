"""The matrix of an answer: a row for each written token, a column for each token that stood before one."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from bcos_core.attribution.answer_rows import Row
from bcos_core.numbers import number
from bcos_core.render.figure_text import figure_text
from bcos_core.render.matrix import DIVERGING

_ROW_HEIGHT = 18


def answer_figure(
    title: str, names: Sequence[str], added: Sequence[bool], rows: Sequence[Row], *, count: int | None = None
) -> go.Figure:
    """Colours run from minus to plus the largest contribution of an ordinary token; added ones may be larger.

    Args:
        names: what each token is called, in order: at least as many as the last row's place.
        added: which of them a tokenizer or a template has added.
        rows: as far as they are there, of consecutive places.
        count: how many there will be, for a figure that does not grow.
    """
    first = rows[0].place
    height = max(count or 0, len(rows))
    columns = first + height - 1
    limit = max(
        (abs(score) for row in rows for score, extra in zip(row.scores, added, strict=False) if not extra), default=0.0
    )
    shown = [figure_text(name) for name in names]
    # Numbered, so that no two are alike: the browser leaves some out where there is no room for all.
    labels = [f"{place} {name.strip()}" for place, name in enumerate(shown, 1)]
    values = [[*row.scores, *[None] * (columns - len(row.scores))] for row in rows]
    hover = [
        [
            f"{shown[column]} → {shown[row.place]}: {number(score, signed=True)}"
            for column, score in enumerate(row.scores)
        ]
        + [""] * (columns - len(row.scores))
        for row in rows
    ]
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=labels[:columns],
            y=labels[first : first + len(rows)],
            text=hover,
            zmin=-limit or -1.0,
            zmax=limit or 1.0,
            colorscale=DIVERGING,
            showscale=False,
            hoverongaps=False,
            hovertemplate="%{text}<extra></extra>",
        )
    )
    figure.update_layout(
        title={"text": title, "font": {"size": 14}, "x": 0, "xanchor": "left"},
        xaxis={
            "title": "tokens before it",
            "type": "category",
            "range": [-0.5, columns - 0.5],
            "showgrid": False,
            "tickangle": -90,
            "tickfont": {"size": 11},
        },
        yaxis={
            "title": "written tokens",
            "type": "category",
            "range": [height - 0.5, -0.5],
            "showgrid": False,
            "automargin": True,
            "tickfont": {"size": 11},
        },
        margin={"l": 8, "r": 8, "t": 44, "b": 8},
        height=150 + _ROW_HEIGHT * max(height, 6),
    )
    return figure


def answer_table(names: Sequence[str], rows: Sequence[Row]) -> pd.DataFrame:
    """A line for each pair of a written token and one before it: `written` and `written_place`, `source` and
    `source_place`, `score`; then for each written token its share that belongs to no token (`source` empty). The scores
    of one `written_place` add up to what is explained."""
    lines: list[tuple[str, int, str | None, int | None, float]] = []
    for row in rows:
        lines += [(names[row.place], row.place, names[place], place, score) for place, score in enumerate(row.scores)]
        lines.append((names[row.place], row.place, None, None, row.share))
    frame = pd.DataFrame(lines, columns=["written", "written_place", "source", "source_place", "score"])
    return frame.astype({"source_place": "Int64", "score": "float64"})
