"""Choosing the task on the Train page: an embedded one, a hub data set, or an uploaded file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from bcos_core.hub import unavailable_reason
from bcos_core.numbers import count, file_size
from bcos_core.tasks.multi_label import MultiLabel
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.text.preview import FilePreview, preview_file
from bcos_core.text.tasks import EMBEDDED_TASKS, TaskChoice, TaskData
from pages.train.task_charts import show_data
from pages.widgets import resources, url
from pages.widgets.errors import guard
from pages.widgets.plain import plain
from pages.widgets.uploads import TABLES, upload, uploaded

FILE, HUB = "file", "hub"
_ENDINGS = (*TABLES, "zip", "tar", "tgz", "gz")
_REMEMBER_SECONDS = 30.0
COLUMNS = ("text-column", "second-column", "label-column", "rationale-column", "task-type", "label-separator")
_NONE = ""
_SECOND = "Optional, for a task about pairs: the second texts, such as hypotheses. The model reads both together."
_RATIONALE = (
    "Optional: what people named as the reason for the label, as a list of 0 and 1 for the words between white space, "
    "a list of character spans, or quotes from the text; of several people a list with one of these for each. "
    "Explanations are then scored against it."
)


@dataclass(frozen=True)
class ChosenTask:
    """The task, and its data where they were read already (those of the hub are read by the job)."""

    choice: TaskChoice
    data: TaskData | None


def choose_task(clears: tuple[str, ...]) -> ChosenTask | None:
    """The widgets, with what is wrong beside them; None while there is no usable task.

    `clears` names the parameters in the address whose defaults depend on the task.
    """
    titles = {
        **{task.name: task.title for task in EMBEDDED_TASKS.values()},
        FILE: "Your own file",
        HUB: "Hub data set",
    }
    kind = str(
        st.segmented_control(
            "Task",
            list(titles),
            format_func=titles.__getitem__,
            required=True,
            **url.bound("task", next(iter(EMBEDDED_TASKS)), parse=url.one_of(titles), clears=clears),
        )
    )
    chosen: ChosenTask | None = None
    with guard():
        if kind == FILE:
            chosen = _file_task()
        elif kind == HUB:
            chosen = _hub_task()
        else:
            st.caption(plain(EMBEDDED_TASKS[kind].description))
            choice = TaskChoice("embedded", kind)
            chosen = ChosenTask(choice, resources.task_data(choice))
    if chosen is not None and chosen.data is not None:
        with guard():
            show_data(chosen.data)
    return chosen


def _file_task() -> ChosenTask | None:
    upload(_ENDINGS, _FILES, clears=COLUMNS)
    path = uploaded()
    if path is None:
        return None
    preview = file_preview(str(path), path.stat().st_mtime_ns)
    st.caption(
        f"{plain(path.name)}: {count(preview.row_count, 'row')}, {count(len(preview.columns), 'column')}, "
        f"{file_size(preview.size_bytes)}."
    )
    kind, separator = _type()
    text_place, second_place, label_place, rationale_place = st.columns(4, vertical_alignment="bottom")
    with text_place:
        text = column_field("Text column", "text-column", preview.columns, preview.text_column)
    with second_place:
        guessed = preview.second_column if text == preview.text_column else None
        second = column_field("Second text column", "second-column", preview.columns, guessed, _SECOND)
    with label_place:
        label = column_field("Label column", "label-column", preview.columns, preview.label_column)
    with rationale_place:
        rationale = column_field(
            "Rationale column", "rationale-column", preview.columns, preview.rationale_column, _RATIONALE
        )
    first_rows(preview)
    if text is None or label is None:
        st.info("Choose the column that holds the texts and the one that holds their labels.")
        return None
    choice = TaskChoice(
        "file",
        str(path),
        text,
        label,
        rationale_column=rationale,
        type=kind,
        separator=separator,
        second_column=second,
    )
    return ChosenTask(choice, resources.task_data(choice))


def _type() -> tuple[str | None, str | None]:
    """What a label is, and what stands between several of them in one cell."""
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    kind = str(
        left.segmented_control(
            "What is a label?",
            list(TASK_TYPES),
            format_func=lambda name: TASK_TYPES[name].title,
            required=True,
            help="\n".join(f"- **{plain(one.title)}**: {plain(one.description)}" for one in TASK_TYPES.values()),
            **url.bound("task-type", USUAL, parse=url.one_of(TASK_TYPES)),
        )
    )
    separator = ""
    if kind == MultiLabel.name:
        separator = right.text_input(
            "Between labels",
            placeholder="none: a list",
            help="The character that stands between several labels in one cell, such as ; or |.",
            **url.bound("label-separator", ""),
        ).strip()
    return (None if kind == USUAL else kind), separator or None


_FILES = (
    "CSV, TSV, JSON lines or Parquet, with one row per text; or the published files of HateXplain (dataset.json), "
    "ERASER (a zip or tar.gz) or toxic spans (CSV). It stays on this machine."
)


@st.cache_data(max_entries=16, show_spinner="Reading the file …")
def file_preview(path: str, written: int) -> FilePreview:
    return preview_file(path)


def column_field(
    label: str, parameter: str, columns: tuple[str, ...], guess: str | None, optional: str | None = None
) -> str | None:
    """`optional` is the help of a column that may be left out, also where one was guessed."""
    if optional:
        offered = [_NONE, *columns]
        arguments: dict[str, Any] = url.bound(parameter, guess or _NONE, parse=url.one_of(offered))
        chosen = st.selectbox(label, offered, format_func=lambda name: name or "None", help=optional, **arguments)
        return chosen or None
    arguments = url.bound(parameter, guess, parse=url.one_of(columns))
    return st.selectbox(label, columns, placeholder="Choose a column", **arguments)


def first_rows(preview: FilePreview) -> None:
    with st.expander("First rows"):
        # Numbered, since two columns of one name are refused by the table, not by the file.
        frame = pd.DataFrame(preview.rows, columns=range(len(preview.columns)))
        titles: dict[Any, Any] = {
            place: st.column_config.TextColumn(name) for place, name in enumerate(preview.columns)
        }
        st.dataframe(frame, column_config=titles, hide_index=True, height=240)


def _hub_task() -> ChosenTask | None:
    hub_id = st.text_input("Hub id", placeholder="stanfordnlp/imdb", **url.bound("hub-data", "")).strip()
    places = st.columns(5, vertical_alignment="bottom")
    config_place, text_place, second_place, label_place, rationale_place = places
    optional: dict[str, Any] = {"placeholder": "guessed"}
    config = config_place.text_input("Configuration", placeholder="none", **url.bound("hub-config", "")).strip()
    text = text_place.text_input("Text column", **optional, **url.bound("hub-text", "")).strip()
    second = second_place.text_input(
        "Second text column", placeholder="none", help=_SECOND, **url.bound("hub-second", "")
    ).strip()
    label = label_place.text_input("Label column", **optional, **url.bound("hub-label", "")).strip()
    rationale = rationale_place.text_input(
        "Rationale column", placeholder="none", help=_RATIONALE, **url.bound("hub-rationale", "")
    ).strip()
    kind, separator = _type()
    if not hub_id:
        return None
    choice = TaskChoice(
        "hub", hub_id, text or None, label or None, config or None, rationale or None, kind, separator, second or None
    )
    if _hub_trouble() is not None:
        # Data that were downloaded earlier are read all the same; else the error says what to do.
        return ChosenTask(choice, resources.task_data(choice))
    if st.toggle("Look at the data", help="Downloads the data set now; without that, the job does."):
        return ChosenTask(choice, resources.task_data(choice))
    return ChosenTask(choice, None)


@st.cache_data(ttl=_REMEMBER_SECONDS, show_spinner="Asking the hub …")
def _hub_trouble() -> str | None:
    return unavailable_reason()
