"""The matrix of methods and scores of each model: numbers, shaded by rank, with what a person has to know of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.figures import interval_in_words
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.standing import Cell, Standing
from bcos_core.numbers import count, number
from bcos_core.render.methods import method_title
from bcos_core.render.palette import PALETTES
from bcos_core.tasks.estimates import Estimate

WEAK = "≈"
"""Behind a mean that is not shown to be better than random."""
LEGEND = (
    "A stronger colour is a better rank among the methods of the same model; the best are bold. "
    f"{WEAK} not shown to be better than random (paired 95 % interval and sign-flip test). "
    "Hover or focus a number for its interval, choose it for its details."
)
_SHADES = PALETTES["blue-orange"]


def score_matrix(standings: Sequence[Standing], chosen: tuple[str, str, str]) -> dict[str, Any]:
    """Everything that the matrix component draws, as plain data; `chosen` is the (checkpoint, method, score) whose
    details are shown."""
    return {"models": [_model(standing, chosen) for standing in standings]}


def matrix_table(standing: Standing) -> pd.DataFrame:
    """The same of one model as a table: a method a row, a score a column, "0.651 ≈"."""
    return pd.DataFrame(
        [
            {
                "method": method_title(method),
                **{SCORES[score].title: _shown(standing.cells[method, score]) for score in standing.scores},
                "passes": standing.passes(method),
            }
            for method in standing.methods
        ]
    )


def _model(standing: Standing, chosen: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "name": standing.checkpoint,
        "columns": [
            {
                "title": SCORES[score].title,
                "direction": "higher is better" if SCORES[score].higher_is_better else "lower is better",
            }
            for score in standing.scores
        ],
        "rows": [_row(standing, method, chosen) for method in standing.methods],
    }


def _row(standing: Standing, method: str, chosen: tuple[str, str, str]) -> dict[str, Any]:
    passes = standing.passes(method)
    notes = [count(round(passes), "pass", "passes") if passes == round(passes) else f"{number(passes)} passes"]
    if METHODS[method].chance:
        notes = ["what every method has to beat"]
    elif method == standing.cheap and standing.ours:
        notes.append("strongest of the other cheap ones")
    return {
        "title": method_title(method),
        "note": ", ".join(notes),
        "cells": [
            _cell(standing, method, score, is_chosen=(standing.checkpoint, method, score) == chosen)
            for score in standing.scores
        ],
    }


def _cell(standing: Standing, method: str, score: str, *, is_chosen: bool) -> dict[str, Any]:
    cell, entry = standing.cells[method, score], SCORES[score]
    said = [f"{method_title(method)}, {entry.title}: {cell_in_words(cell)}"]
    shades = {mode: _SHADES.shade(cell.strength, mode).background for mode in ("light", "dark")}
    return {
        "choice": {"checkpoint": standing.checkpoint, "method": method, "score": score},
        "text": _shown(cell),
        "best": cell.rank == 1,
        "chosen": is_chosen,
        "label": " ".join(said),
        **shades,
    }


def cell_in_words(cell: Cell) -> str:
    """A mean with its interval, its rank, and whether it is better than random."""
    row = cell.row
    if cell.rank is None:
        return f"no value: it is not defined for any text{_failed(row['failed'])}."
    estimate = Estimate(row["mean"], row["low"], row["high"], row["n"])
    sentences = [
        f"{number(row['mean'])}, {interval_in_words(estimate, number)}, {count(row['n'], 'text')}"
        f"{_failed(row['failed'])}.",
        f"Rank {cell.rank} of {cell.of}.",
    ]
    if row["beats_random"] is False:
        sentences.append("Not shown to be better than random.")
    return " ".join(sentences)


def _failed(failed: int) -> str:
    return f"; it failed for {count(failed, 'text')}" if failed else ""


def _shown(cell: Cell) -> str:
    if cell.rank is None:
        return "–"
    return number(cell.row["mean"]) + (f" {WEAK}" if cell.row["beats_random"] is False else "")
