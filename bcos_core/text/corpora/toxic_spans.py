"""Toxic spans (SemEval 2021 task 5; Pavlopoulos et al.): toxic posts with the characters that make them so.

The task's CSV files: `spans`, the numbers of the characters that most annotators marked ("[8, 9, 10]"), and `text`.
Every post was called toxic as a whole; that no character was marked says that its toxicity has no place.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from bcos_core.errors import DataError
from bcos_core.text.columns import guess_label_column
from bcos_core.text.corpora.layout import Layout

WITH, WITHOUT = "toxic words", "no toxic words"


def _cells(spans: Any, text: Any) -> tuple[Any, ...]:
    """Text, label and spans of a post."""
    places = _places(spans)
    if any(not 0 <= place < len(str(text)) for place in places):
        raise DataError(
            f"The spans {spans!r:.60} are not in their text, which has {len(str(text)):,} characters. Expected numbers "
            "of characters, counted from 0."
        )
    return text, WITH if places else WITHOUT, [_runs(places)]


def _places(spans: Any) -> list[int]:
    """The numbers in a cell, without repetitions, in order."""
    found = spans
    if isinstance(spans, str):
        try:
            found = json.loads(spans)  # a list of whole numbers is written alike in Python and JSON
        except (ValueError, RecursionError):
            found = None
    if not isinstance(found, list) or any(not isinstance(one, int) or isinstance(one, bool) for one in found):
        raise DataError(f"The spans are {spans!r:.60}; expected a list of the numbers of characters, such as [8, 9].")
    return sorted(set(found))


def _runs(places: list[int]) -> list[list[int]]:
    """Characters that follow each other, as spans."""
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][1]:
            runs[-1][1] = place + 1
        else:
            runs.append([place, place + 1])
    return runs


def _has_no_label(columns: Collection[str]) -> bool:
    """A file with labels of its own is read by these."""
    return guess_label_column([column for column in columns if column not in ("spans", "text")]) is None


TOXIC_SPANS = Layout(
    name="Toxic spans",
    reads=("spans", "text"),
    columns=("text", "label", "spans"),
    rationale="spans",
    cells=_cells,
    fits=_has_no_label,
)
