"""Choosing running text on the Train page: the texts of an embedded task, an uploaded file, a folder, or a hub data
set."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bcos_core.errors import HubUnavailableError
from bcos_core.home import require_allowed
from bcos_core.numbers import count, file_size
from bcos_core.text.embedded import EMBEDDED_TASKS
from bcos_core.text.running import (
    FEWEST_TEXTS,
    RunningText,
    TextSource,
    load_texts,
    require_folder_of_texts,
    size_in_words,
    source_hash,
)
from pages.train.folder_field import folder_field
from pages.train.task_form import COLUMNS, FILE, HUB, column_field, file_preview, first_rows
from pages.widgets import url
from pages.widgets.errors import guard
from pages.widgets.plain import plain
from pages.widgets.uploads import TABLES, upload, uploaded

FOLDER = "folder"
_ENDINGS = (*TABLES, "txt")
_REMEMBER_SECONDS = 30.0
_ABOUT = (
    "CSV, TSV, JSON lines or Parquet with a column of texts, or plain text (.txt), whose paragraphs are the texts. "
    "Labels are not needed. It stays on this machine."
)


def choose_texts() -> TextSource | None:
    """The widgets, with what is wrong beside them; None while there are no usable texts."""
    single = {task.name: task.title for task in EMBEDDED_TASKS.values() if len(task.text_columns) == 1}
    titles = {**single, FILE: "Your own file", FOLDER: "Folder of .txt files", HUB: "Hub data set"}
    kind = str(
        st.segmented_control(
            "Texts",
            list(titles),
            format_func=titles.__getitem__,
            required=True,
            help="Of a task the texts alone are read, not its labels.",
            **url.bound("task", next(iter(titles)), parse=url.one_of(titles)),
        )
    )
    chosen: TextSource | None = None
    with guard():
        if kind == FILE:
            chosen = _file()
        elif kind == FOLDER:
            chosen = _folder()
        elif kind == HUB:
            return _hub()
        else:
            chosen = TextSource("embedded", kind)
        if chosen is not None:
            _show(chosen)
            return chosen
    return None


def _show(source: TextSource) -> None:
    texts = _read(source.kind, source.name, source.text_column, source_hash(source))
    st.caption(f"{size_in_words(texts)}.")
    for note in texts.notes:
        st.caption(plain(note))


@st.cache_resource(max_entries=3, show_spinner="Reading the texts …")
def _read(kind: str, name: str, text_column: str | None, content: str) -> RunningText:
    return load_texts(TextSource(kind, name, text_column))


def _file() -> TextSource | None:
    upload(_ENDINGS, _ABOUT, clears=COLUMNS)
    path = uploaded()
    if path is None:
        return None
    if path.suffix.lower() == ".txt":
        st.caption(f"{plain(path.name)}: {file_size(path.stat().st_size)} of plain text.")
        return TextSource("file", str(path))
    found = file_preview(str(path), path.stat().st_mtime_ns)
    st.caption(
        f"{plain(path.name)}: {count(found.row_count, 'row')}, {count(len(found.columns), 'column')}, "
        f"{file_size(found.size_bytes)}."
    )
    chosen = column_field("Text column", "text-column", found.columns, found.text_column)
    first_rows(found)
    if chosen is None:
        st.info("Choose the column that holds the texts.")
        return None
    return TextSource("file", str(path), chosen)


def _folder() -> TextSource | None:
    """A folder that may be read, with all that is in the folders in it.

    Raises:
        PathNotAllowedError: it may not, or is a symbolic link to one that may not.
        DataError: there is no .txt file in it.
    """
    given = folder_field(
        "Folder of texts",
        "texts-folder",
        "/path/to/texts",
        "Each .txt file in it, and in the folders in it, is a text; of fewer than "
        f"{FEWEST_TEXTS} files each paragraph is one. Symbolic links are not followed.",
    )
    if not given:
        return None
    folder = require_allowed(given)
    require_folder_of_texts(folder)
    return TextSource("file", str(folder))


def _hub() -> TextSource | None:
    hub_id = st.text_input("Hub id", placeholder="owner/name", **url.bound("hub-data", "")).strip()
    left, right = st.columns(2, vertical_alignment="bottom")
    optional: dict[str, Any] = {"placeholder": "guessed"}
    config = left.text_input("Configuration", placeholder="none", **url.bound("hub-config", "")).strip()
    text = right.text_input("Text column", **optional, **url.bound("hub-text", "")).strip()
    if not hub_id:
        return None
    source = TextSource("hub", hub_id, text or None, config or None)
    if (trouble := _out_of_reach(source)) is not None:
        raise HubUnavailableError(trouble)
    st.caption(
        "Its rows are streamed when the training starts: from the first on, no more than the recipe asks for (Training "
        "texts, Test texts), and nothing of them is kept on the disk."
    )
    return source


@st.cache_data(ttl=_REMEMBER_SECONDS, max_entries=64, show_spinner="Asking the hub …")
def _out_of_reach(source: TextSource) -> str | None:
    try:
        source.require_within_reach()
    except HubUnavailableError as error:
        return str(error)
    return None
