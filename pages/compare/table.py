"""The test set as a table: texts, labels, both models' answers; a click on a row makes it the text of the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from bcos_core.tasks.prediction import Prediction
from bcos_core.text.pair import one_line
from pages.compare.examples import show
from pages.widgets.answered_texts import AnsweredTexts
from pages.widgets.plain import plain

MOST_ROWS = 5_000
MOST_CHARACTERS = 300
_HEIGHT = 320


def show_table(tests: AnsweredTexts, matching: Sequence[int], current: int | None) -> None:
    """The rows that the filters keep, in their order."""
    shown = list(matching[:MOST_ROWS])
    if not shown:
        st.caption("No test text fits these filters so far." if tests.known_share() < 1 else "No test text fits these.")
        return
    frame = frame_of(tests, shown, current)
    key = f"test-table-{len(matching)}-{shown[0]}-{shown[-1]}"

    def chosen() -> None:
        rows = st.session_state[key].selection.rows
        if rows:
            show(shown[rows[0]])

    st.dataframe(
        frame,
        hide_index=True,
        height=min(_HEIGHT, 36 + 35 * len(frame)),
        column_config=_columns(tests, frame),
        key=key,
        on_select=chosen,
        selection_mode="single-row",
        placeholder="–",
        alt="The test set: each text with its label and the models’ answers.",
    )
    if len(matching) > len(shown):
        st.caption(f"The first {len(shown):,} of {len(matching):,} rows. Search or filter to see others.")


def frame_of(tests: AnsweredTexts, places: Sequence[int], current: int | None) -> pd.DataFrame:
    """A row for each of the `places` in the test set. Of each model: its answer, how sure it is (a probability; none of
    a score), and whether that is right, or how far it is off; missing where it was not asked."""
    columns: dict[str, list[Any]] = {
        "shown": ["▸" if place == current else "" for place in places],
        "no": [place + 1 for place in places],
        "text": [_short(one_line(tests.examples.texts[place])) for place in places],
        "label": [tests.label(place) for place in places],
    }
    for number, known in enumerate(tests.answers()):
        given = [known[place] for place in places]
        columns[f"answer {number}"] = [None if answer is None else answer.label for answer in given]
        if tests.kind.has_probabilities:
            columns[f"sure {number}"] = [
                None if answer is None else answer.probabilities[answer.index] for answer in given
            ]
        columns[f"right {number}"] = _right(tests, places, given)
    return pd.DataFrame(columns)


def _right(tests: AnsweredTexts, places: Sequence[int], given: Sequence[Prediction | None]) -> list[Any]:
    asked = [row for row, answer in enumerate(given) if answer is not None]
    found: list[Any] = [None] * len(given)
    if asked:
        logits = np.array([answer.logits for answer in given if answer is not None])
        each = tests.kind.each_text(logits, tests.golds[[places[row] for row in asked]])
        for row, value in zip(asked, each.tolist(), strict=True):
            found[row] = ("right" if value == 1 else "wrong") if tests.kind.discrete else value
    return found


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"


def _columns(tests: AnsweredTexts, frame: pd.DataFrame) -> dict[str, Any]:
    config: dict[str, Any] = {
        "shown": st.column_config.TextColumn("", width=28, help="The text that is on the screen."),
        "no": st.column_config.NumberColumn("No.", width=56),
        "text": st.column_config.TextColumn("Texts" if tests.task.pairs else "Text", width=360),
        "label": st.column_config.TextColumn("Label"),
    }
    for number, model in enumerate(tests.compared):
        name = plain(model.name)
        config[f"answer {number}"] = st.column_config.TextColumn(model.name, help=f"What {name} answers.")
        config[f"sure {number}"] = st.column_config.NumberColumn(
            "Sure",
            format="%.2f",
            width=64,
            help=f"The probability that {name} gives to its likeliest {tests.kind.output}.",
        )
        metric = tests.kind.each_metric
        config[f"right {number}"] = (
            st.column_config.TextColumn("Right?", width=64, help=f"Whether the answer of {name} is the label.")
            if tests.kind.discrete
            else st.column_config.NumberColumn("Off by", format="%.3g", help=f"{metric.title} of {name} on this text.")
        )
    return {name: column for name, column in config.items() if name in frame.columns}
