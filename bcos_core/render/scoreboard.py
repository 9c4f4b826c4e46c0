"""An evaluation drawn: the leaderboard of a score, curves, and what a score costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.between import is_raw
from bcos_core.evaluate.objective import NOTES
from bcos_core.evaluate.scores import SCORES
from bcos_core.numbers import count, is_missing, number
from bcos_core.render.dots import SYMBOLS, add_dot, lay_out
from bcos_core.render.figure_text import figure_text
from bcos_core.render.methods import CHANCE, method_colour, method_title

Row = dict[str, Any]


def ranked_rows(rows: Sequence[Row], score: str) -> list[Row]:
    """The rows of one score, the best first, those without a value last."""
    sign = -1 if SCORES[score].higher_is_better else 1
    return sorted(
        (row for row in rows if row["score"] == score),
        key=lambda row: (math.isnan(row["mean"]), sign * row["mean"]),
    )


def leaderboard_table(rows: Sequence[Row], score: str) -> pd.DataFrame:
    """One score as a table, the best first; columns as they are shown. Beside a normalised score stands the raw one,
    where it was asked for."""
    raw = {(row["checkpoint"], row["method"]): row["mean"] for row in rows if row["score"] == SCORES[score].normalizes}
    return pd.DataFrame(
        [
            {
                "method": method_title(row["method"]),
                "model": row["checkpoint"],
                "mean": row["mean"],
                "low": row["low"],
                "high": row["high"],
                **({"raw": raw[row["checkpoint"], row["method"]]} if raw else {}),
                "texts": row["n"],
                "failed": row["failed"],
                "beats random": {True: "yes", False: "no", None: "–"}[row["beats_random"]],
                "forward passes": row["forward_passes"],
                "backward passes": row["backward_passes"],
                "ms per text": 1000 * row["seconds"],
                "trained for": row["protocol"].get("objective", "–"),
                "training": "; ".join(training_notes(row)) or "–",
                "protocol": row["protocol"]["summary"],
            }
            for row in ranked_rows(rows, score)
        ]
    )


def training_notes(row: Row) -> list[str]:
    """What of a model's training bears upon this score."""
    return [note for name, note in NOTES.items() if row["protocol"].get(name)]


def trained_for(rows: Sequence[Row]) -> str:
    """What each model was trained for: "Trained for: a: its labels; b: not known: it was not trained here."""
    objectives = {row["checkpoint"]: row["protocol"]["objective"] for row in rows if "objective" in row["protocol"]}
    return (
        "Trained for: " + "; ".join(f"{name}: {said}" for name, said in objectives.items()) + "." if objectives else ""
    )


def left_out(skipped: Mapping[str, str]) -> str:
    """What was left out of an evaluation, and why."""
    what = (
        SCORES[skipped["score"]].title
        if "score" in skipped
        else f"{method_title(skipped['method'])} on {skipped['checkpoint']}"
    )
    return f"Left out: {what}. {skipped['reason']}"


def most_texts(rows: Sequence[Mapping[str, Any]]) -> int:
    """On how many texts the scores of an evaluation stand: of some, not every text has a value."""
    return max((row["n"] for row in rows), default=0)


def every_score(rows: Sequence[Row]) -> pd.DataFrame:
    """The leaderboards of all scores below each other, for export."""
    scores = dict.fromkeys(row["score"] for row in rows)
    tables = [leaderboard_table(rows, score) for score in scores]
    for score, table in zip(scores, tables, strict=True):
        table.insert(0, "score", score)
    return pd.concat(tables, ignore_index=True)


def differences_table(differences: Sequence[Row], score: str) -> pd.DataFrame:
    """Paired differences of one score, as they are shown."""
    return pd.DataFrame(
        [
            {
                "method": method_title(row["method"]),
                "model": row["checkpoint"],
                "difference": row["mean"],
                "low": row["low"],
                "high": row["high"],
                "texts": row["n"],
                "p": row["p"],
                "p (Holm)": row["p_holm"],
            }
            for row in differences
            if row["score"] == score
        ]
    )


def leaderboard_figure(rows: Sequence[Row], score: str) -> go.Figure:
    """Means with their 95 % intervals, the best on top."""
    ranked = [row for row in ranked_rows(rows, score) if not math.isnan(row["mean"])]
    several = len({row["checkpoint"] for row in ranked}) > 1
    figure = go.Figure()
    for row in reversed(ranked):
        label = method_title(row["method"]) + (f" · {figure_text(row['checkpoint'])}" if several else "")
        add_dot(figure, row, label=label, colour=method_colour(row["method"]), symbol=_symbol(rows, row["checkpoint"]))
    entry = SCORES[score]
    direction = "higher" if entry.higher_is_better else "lower"
    subtitle = f"{direction} is better"
    if several and is_raw(score):
        subtitle += "; values of two models do not compare"
    if ceilings(ranked):
        subtitle += "; dashed: people (dotted: interval)"
    middle = (min(row["mean"] for row in ranked) + max(row["mean"] for row in ranked)) / 2 if ranked else 0.0
    for checkpoint, reached in ceilings(ranked).items():
        name = f"people · {figure_text(checkpoint)}" if several else "people among themselves"
        figure.add_vline(
            x=reached["mean"],
            line={"dash": "dash", "width": 1, "color": CHANCE},
            annotation={"text": f"{name} {number(reached['mean'])}", "font": {"size": 12}},
            annotation_position="top left" if reached["mean"] > middle else "top right",
        )
        for end in () if is_missing(reached["low"]) else (reached["low"], reached["high"]):
            figure.add_vline(x=end, line={"dash": "dot", "width": 1, "color": CHANCE})
    lay_out(figure, entry.title, entry.title.lower(), len(ranked), subtitle=subtitle)
    return figure


def ceilings(rows: Sequence[Row]) -> dict[str, Mapping[str, Any]]:
    """What people reach among themselves, by model, where the rows of a score have it."""
    return {row["checkpoint"]: row["people"] for row in rows if row.get("people")}


def people_in_words(rows: Sequence[Row]) -> str:
    """How far people agree with each other in a score, for a reader who sets methods against it; "" where nobody was
    compared with anybody."""
    found = ceilings(rows)
    several = len({row["checkpoint"] for row in rows}) > 1
    said = [
        f"{number(one['mean'])}{_between(one)} on {count(one['n'], 'text')}{f' ({checkpoint})' if several else ''}"
        for checkpoint, one in found.items()
    ]
    if not said:
        return ""
    return (
        f"People among themselves, each against what at least half of the others named: {'; '.join(said)}. People who "
        "named nothing in a text are left out there."
    )


def _between(estimate: Mapping[str, Any]) -> str:
    if is_missing(estimate["low"]):
        return ""
    return f" [{number(estimate['low'])}, {number(estimate['high'])}]"


def frontier(rows: Sequence[Row], score: str) -> list[Row]:
    """The rows that no other beats at the same cost or less, by cost: what a reader may sensibly choose from."""
    best: list[Row] = []
    for row in sorted(_priced(rows, score), key=_passes):
        if not best or _better(row, best[-1], score):
            if best and _passes(row) == _passes(best[-1]):
                best.pop()
            best.append(row)
    return best


def frontier_in_words(rows: Sequence[Row], score: str) -> str:
    """Of which model the chart is, and which methods lie on the frontier, the cheapest first."""
    best = frontier(rows, score)
    if not best:
        return ""
    names = ", ".join(method_title(row["method"]) for row in best)
    return f"{best[0]['checkpoint']}. On the line, nothing that was measured is better for as few passes: {names}."


def frontier_figure(rows: Sequence[Row], score: str, *, named: bool = False) -> go.Figure:
    """The score against the passes over the model that it costs, forward and backward, on a log axis.

    `rows` are those of one model, since scores of different ones do not compare. With `named`, methods of the frontier
    have their names beside them: on a narrow screen they would stand on each other.
    """
    figure = go.Figure()
    best = frontier(rows, score)
    figure.add_scatter(
        x=[_passes(row) for row in best],
        y=[row["mean"] for row in best],
        mode="lines",
        line={"width": 1, "color": CHANCE, "shape": "hv"},
        hoverinfo="skip",
    )
    for row in _priced(rows, score):
        title = method_title(row["method"])
        figure.add_scatter(
            x=[_passes(row)],
            y=[row["mean"]],
            text=[title if named and row in best else ""],
            mode="markers+text",
            textposition=_beside(row, best, score),
            cliponaxis=False,
            marker={"size": 11, "color": method_colour(row["method"]), "symbol": _symbol(rows, row["checkpoint"])},
            hovertemplate=f"{title} · {figure_text(row['checkpoint'])}: {number(row['mean'])} at "
            f"{number(row['forward_passes'])} forward and {number(row['backward_passes'])} backward passes"
            "<extra></extra>",
        )
    for row in rows:
        if row["score"] == score and METHODS[row["method"]].chance and not math.isnan(row["mean"]):
            figure.add_hline(y=row["mean"], line={"dash": "dot", "width": 1, "color": CHANCE})
    figure.update_layout(
        title={
            "text": "What does it cost?",
            "font": {"size": 14},
            "x": 0,
            "xanchor": "left",
            "subtitle": {"text": "dotted: random"},
        },
        xaxis={"title": {"text": "passes per text"}, "type": "log", "dtick": 1},
        yaxis={"title": {"text": SCORES[score].title.lower().replace(" (", "<br>(")}},  # a long one takes two lines
        showlegend=False,
        height=360,
        margin={"l": 8, "r": 16, "t": 60, "b": 8},
    )
    return figure


def _beside(row: Row, best: Sequence[Row], score: str) -> str:
    """Where a name of the frontier stands: towards the middle of the chart; the outermost ones on the side that the
    line leaves free, the next on the other side, since two methods of about the same cost are near each other."""
    if row not in best:
        return "top center"
    place, is_left = best.index(row), best.index(row) < len(best) / 2
    is_outer = (place if is_left else len(best) - 1 - place) % 2 == 0
    above = (is_left != SCORES[score].higher_is_better) == is_outer
    return f"{'top' if above else 'bottom'} {'right' if is_left else 'left'}"


def _priced(rows: Sequence[Row], score: str) -> list[Row]:
    """Rows of one score with a value and a cost: chance costs nothing."""
    return [row for row in rows if row["score"] == score and not math.isnan(row["mean"]) and _passes(row) > 0]


def _passes(row: Row) -> float:
    return float(row["forward_passes"] + row["backward_passes"])


def _better(one: Row, other: Row, score: str) -> bool:
    return bool(one["mean"] > other["mean"] if SCORES[score].higher_is_better else one["mean"] < other["mean"])


def _symbol(rows: Sequence[Row], checkpoint: str) -> str:
    return SYMBOLS[list(dict.fromkeys(row["checkpoint"] for row in rows)).index(checkpoint) % len(SYMBOLS)]
