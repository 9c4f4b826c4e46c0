"""A text and an edited copy of it, under each other: what each model answers to both, and the heatmaps of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from bcos_core.attribution.record import Attribution
from bcos_core.numbers import number
from bcos_core.render import drawing
from bcos_core.render.changed import answer_in_words, changes_in_words
from bcos_core.render.pieces import Granularity, unit_scores
from bcos_core.render.scale import Scale
from bcos_core.render.sheet import Sheet
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.changes import changes
from bcos_core.text.pair import is_pair
from pages.compare.screen import Cell, Screen
from pages.compare.sheet import screen_sheet
from pages.compare.text_box import show_text, show_typed
from pages.widgets import resources
from pages.widgets.errors import guard
from pages.widgets.frame import fragment
from pages.widgets.heatmap import heatmap
from pages.widgets.plain import plain

RULE = "One scale for both: full colour is the largest absolute value before or after."


def before_and_after(screen: Screen, before: str) -> None:
    """`screen` is that of the copy; the same question is asked about the text `before`."""
    original = replace(screen, text=before)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**An edited copy.** {plain(changes_in_words(changes(before, screen.text)))}", width="content")
        st.button("Back to the original", key="original", on_click=show_text, args=(before,))
        st.button("Go on with the copy", key="copy", on_click=show_typed, args=(1 + is_pair(screen.text),))
    for band in screen.bands:
        for model, column in zip(band.models, st.columns(len(band.models), gap="large"), strict=True):
            with column, guard():
                kind = TASK_TYPES[model.task_type]
                first, second = (resources.predictions(model, (text,))[0] for text in (before, screen.text))
                st.header(plain(model.name), anchor=False)
                st.markdown(plain(answer_in_words(kind, first, second, model.labels[0])))
        for cells in band.rows:
            for cell, column in zip(cells, st.columns(len(band.models), gap="large"), strict=True):
                with column:
                    if cell.possible and not screen.missing_class(cell.model):
                        _panels(original, screen, cell)
                    else:
                        st.caption(f"**{plain(cell.method.title)}** cannot explain this model’s answer.")


def scale_of_both(records: Sequence[Attribution], granularity: Granularity) -> Scale:
    """What full colour means before and after; records that failed have no part in it."""
    scores = [unit_scores(record, granularity) for record in records if not record.failed]
    return Scale(max((abs(score) for part in scores for score in part), default=0.0), RULE)


def sheets_of_both(before: Screen, after: Screen) -> list[Sheet]:
    """The text and its edited copy as sheets, before and after, as they are on the screen."""

    def scale(cell: Cell) -> Scale:
        return scale_of_both([before.record(cell), after.record(cell)], after.style.granularity)

    sheets = [screen_sheet(screen, scale) for screen in (before, after)]
    return [sheet for sheet in sheets if sheet is not None]


@fragment(parallel=True)
def _panels(before: Screen, after: Screen, cell: Cell) -> None:
    with guard():
        with st.spinner(f"{cell.method.title} ({before.cost(cell)}, twice) …", show_time=True):
            records = [before.record(cell), after.record(cell)]
        scale = scale_of_both(records, after.style.granularity)
        for record, title in zip(records, ("before", "after"), strict=True):
            note = drawing.truncation_note(record)
            heatmap(
                {
                    "method": f"{cell.method.title}, {title}",
                    "model": cell.model.name,
                    "prediction": [],
                    "failure": record.failure,
                    "runs": drawing.drawn_runs(record, after.style, scale),
                    "presentation": after.style.presentation,
                    "legend": drawing.legend(record, after.style, scale) if title == "after" else None,
                    "notes": [note] if note else [],
                    "blocks": [],
                    "cost": f"{TASK_TYPES[record.task_type].explained.capitalize()} {number(record.logit)}",
                },
                key=f"{title}-{cell.key}",
                on_strike=lambda words: None,
            )
        st.space("small")  # the last figure is not the caption of the next heatmap
