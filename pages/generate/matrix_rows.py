"""The rows of the matrix as buttons: a click on one asks about its token, as a click in the text does."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.generate.stream import quoted
from pages.widgets.component import component
from pages.widgets.heard import Count, Word, heard

BOX = "answer-matrix"
"""The container of the chart and of what listens to it."""
_CHOSEN = "matrix-row-chosen"
_component = component("bcos_matrix_rows", '<div class="rows"></div>', "matrix_rows")


@dataclass(frozen=True)
class _Row:
    row: Count
    drawn: Word


def clickable_rows(names: Sequence[str], first: int, chosen: int | None, choose: Callable[[int], None]) -> None:
    """Stands in the container `BOX` beside the chart, whose rows are the tokens from `first` on of those called
    `names`; `chosen` is a row, from 0. What a click chooses is drawn by the whole page."""
    rows = [f"Why {quoted(name)}? Row {row} of {len(names) - first}" for row, name in enumerate(names[first:], 1)]
    drawn = hashlib.sha256(repr((first, *names)).encode()).hexdigest()[:32]

    def clicked() -> None:
        row = heard(st.session_state["matrix-rows"], "row", _Row)
        if row is not None and row.drawn == drawn:
            choose(row.row)
            st.session_state[_CHOSEN] = True

    data = {"within": BOX, "first": first, "chosen": chosen, "rows": rows, "drawn": drawn}
    _component(key="matrix-rows", data=data, on_row_change=clicked)


def row_was_chosen() -> bool:
    """Whether this run is that of a click, of which the rest of the page must hear: once."""
    return bool(st.session_state.pop(_CHOSEN, False))
