"""The patterns of heatmaps drawn: a table, a chart of both models, and sentences about what heatmaps agree on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from bcos_core.evaluate.patterns import PATTERNS
from bcos_core.evaluate.patterns_table import Figure, PatternRow, Patterns
from bcos_core.numbers import count, number, percent
from bcos_core.render.axis import share_axis
from bcos_core.render.figure_text import figure_text
from bcos_core.render.methods import CHANCE, method_colour, method_title
from bcos_core.tasks.registry import TASK_TYPES

_ROW_HEIGHT = 50
_ABOVE, _APART = 0.42, 0.2  # of a row: from its middle up to its name, and between its two dots
_SYMBOLS = ("circle", "diamond")
_ALIKE = "if all tokens had the same score"

Names = Mapping[str, str]
"""What models are called, by their folder's name."""


def columns_of(found: Patterns, names: Names) -> list[str]:
    """What the models are called beside each other: by their name, with the method where both are one model."""
    called = [names.get(model.checkpoint, model.checkpoint) for model in found.models]
    if len(set(called)) == len(called):
        return called
    return [f"{name} · {method_title(model.method)}" for name, model in zip(called, found.models, strict=True)]


def patterns_table(found: Patterns, names: Names) -> pd.DataFrame:
    """One row a pattern: of each model the mean, its interval, and the mean if all tokens had the same score; then the
    difference of the two, first minus second."""
    called = columns_of(found, names)
    rows = []
    for row in found.rows:
        cells: dict[str, object] = {"pattern": PATTERNS[row.pattern].title}
        for name, figure, alike in zip(called, row.figures, row.alike, strict=True):
            cells |= {name: _mean(figure), f"{name}: low": _end(figure, "low"), f"{name}: high": _end(figure, "high")}
            cells[f"{name}: {_ALIKE}"] = alike
            cells[f"{name}: texts"] = figure.n if figure else 0
        if len(called) == 2:
            difference = row.difference
            cells |= {
                "difference": _mean(difference),
                "difference: low": _end(difference, "low"),
                "difference: high": _end(difference, "high"),
                "p (Holm)": row.p_holm,
            }
        rows.append({**cells, "what it is": PATTERNS[row.pattern].description})
    return pd.DataFrame(rows)


def shown_table(found: Patterns, names: Names) -> pd.DataFrame:
    """The same in words, as a page shows it."""
    called = columns_of(found, names)
    rows = []
    for row in found.rows:
        cells = {"": PATTERNS[row.pattern].title}
        for name, figure in zip(called, row.figures, strict=True):
            cells[name] = in_words(figure)
        alike = dict.fromkeys("–" if one is None else percent(one, decimals=0) for one in row.alike)
        cells["all alike"] = " / ".join(alike)
        if len(called) == 2:
            cells["difference"] = difference_in_words(row)
        rows.append({**cells, "what it is": PATTERNS[row.pattern].description})
    return pd.DataFrame(rows)


def patterns_figure(found: Patterns, names: Names) -> go.Figure:
    """The means of each model with their intervals, pattern below pattern; a line stands where they would be if every
    token had the same score."""
    figure = go.Figure()
    rows = found.rows[::-1]
    for place, (model, name) in enumerate(zip(found.models, columns_of(found, names), strict=True)):
        offset = _APART * ((len(found.models) - 1) / 2 - place)
        drawn = [(y, row, one) for y, row in enumerate(rows) if (one := row.figures[place]) is not None]
        figure.add_scatter(
            x=[one.mean for _, _, one in drawn],
            y=[y + offset for y, _, _ in drawn],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [one.mean if one.high is None else one.high - one.mean for _, _, one in drawn],
                "arrayminus": [0.0 if one.low is None else one.mean - one.low for _, _, one in drawn],
                "thickness": 2,
                "width": 0,
            },
            name=figure_text(f"{name} ({method_title(model.method)})"),
            mode="markers",
            cliponaxis=False,
            marker={"size": 10, "color": method_colour(model.method), "symbol": _SYMBOLS[place]},
            text=[f"{PATTERNS[row.pattern].title}: {in_words(one)}, n {one.n}" for _, row, one in drawn],
            hovertemplate="%{text}<extra></extra>",
        )
    flat = [(y, row, row.alike[0]) for y, row in enumerate(rows) if row.alike[0] is not None]
    figure.add_scatter(
        x=[one for _, _, one in flat],
        y=[y for y, _, _ in flat],
        name=_ALIKE,
        mode="markers",
        cliponaxis=False,
        marker={"size": 11, "symbol": "line-ns", "color": CHANCE, "line": {"width": 2, "color": CHANCE}},
        hovertemplate="%{x:.0%} " + _ALIKE + "<extra></extra>",
    )
    for y, row in enumerate(rows):
        figure.add_annotation(
            text=PATTERNS[row.pattern].title,
            x=0,
            xref="paper",
            xanchor="left",
            y=y + _ABOVE,
            showarrow=False,
            font={"size": 12},
        )
    figure.update_layout(
        title={"text": "What do the heatmaps look like?", "font": {"size": 14}, "x": 0, "xanchor": "left"},
        xaxis={"title": {"text": "mean over texts"}, **share_axis()},
        yaxis={"range": [-0.5, len(rows) - 0.3], "showticklabels": False, "showgrid": False, "zeroline": False},
        # At the foot of the chart, whatever its width.
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        height=170 + _ROW_HEIGHT * len(rows),
        margin={"l": 8, "r": 16, "t": 44, "b": 120},
    )
    return figure


def agreements_in_words(found: Patterns, names: Names) -> list[str]:
    """How far heatmaps agree, a sentence for each comparison."""
    kind, said = TASK_TYPES[found.task_type], []
    same = f" of which all explain the same {kind.output}" if kind.has_probabilities else ""  # of a score there is one
    for row in found.agreements:
        of = f"Of the two models' heatmaps ({' and '.join(columns_of(found, names))})"
        if row.seeds_of:
            name = names.get(row.seeds_of, row.seeds_of)
            of = f"Of the heatmaps of {count(row.models, 'model')} that differ by their seed alone ({name} and others)"
        if row.figure is None:
            said.append(f"{of}, there is no text{same} and rank its words.")
        else:
            said.append(
                f"{of}, the ranks of a text's words agree by τ = {_interval(row.figure, number)} "
                f"({count(row.figure.n, 'text')}{same}; 1: the same order, 0: chance)."
            )
    return said


def in_words(figure: Figure | None) -> str:
    """ "41.2 % [39.8, 42.7]" """
    if figure is None:
        return "–"
    if figure.low is None or figure.high is None:
        return percent(figure.mean)
    return f"{percent(figure.mean)} [{figure.low * 100:.1f}, {figure.high * 100:.1f}]"


def difference_in_words(row: PatternRow) -> str:
    """The difference in points of a per cent, marked where its interval and the corrected test exclude 0."""
    one = row.difference
    if one is None:
        return "–"
    written = _points(one.mean)
    if one.low is None or one.high is None:
        return written
    sure = row.p_holm is not None and row.p_holm < 0.05 and (one.low > 0 or one.high < 0)
    return f"{written} [{_points(one.low)}, {_points(one.high)}]" + (" *" if sure else "")


STAR = "* The interval of the difference excludes 0, and so does a sign-flip test after Holm's correction."


def notes_of(found: Patterns, names: Names) -> Sequence[str]:
    """How the figures came about, in sentences."""
    methods = "; ".join(
        f"{name}: {method_title(model.method)}"
        + (f" against the {model.reference} token" if model.reference in ("mask", "pad") else "")
        for name, model in zip(columns_of(found, names), found.models, strict=True)
    )
    failed = sum(model.failed for model in found.models)
    explained = TASK_TYPES[found.task_type].predicted
    return [
        f"{count(found.texts, 'test text')} of {found.task}, {explained} explained. {methods}.",
        "Shares are of the absolute scores of a text's own tokens, means over texts with 95 % intervals (bootstrap). "
        f"Rates of words are those in {count(found.counted, 'text')} of the training side; function words and "
        "negations are closed lists of English, no tagger is asked.",
        *([f"{count(failed, 'explanation')} failed and {'is' if failed == 1 else 'are'} left out."] if failed else []),
    ]


def _points(value: float) -> str:
    sign = "−" if round(value * 100, 1) < 0 else "+" if round(value * 100, 1) > 0 else ""
    return f"{sign}{abs(value * 100):.1f}"


def _interval(figure: Figure, written: Callable[[float], str]) -> str:
    if figure.low is None or figure.high is None:
        return written(figure.mean)
    return f"{written(figure.mean)} [{written(figure.low)}, {written(figure.high)}]"


def _mean(figure: Figure | None) -> float | None:
    return None if figure is None else figure.mean


def _end(figure: Figure | None, end: str) -> float | None:
    return None if figure is None else getattr(figure, end)
