"""What is to be explained: a model, methods, and texts, pasted or in a file; and about how long that takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.attribution.method import Method
from bcos_core.attribution.own import own_name
from bcos_core.attribution.registry import METHODS
from bcos_core.batch.columns import HEADED, guess_columns, may_be_text
from bcos_core.batch.job import BATCH
from bcos_core.batch.spec import LAST_TOKEN, MOST_METHODS, BatchSpec, require_fitting
from bcos_core.errors import TextError
from bcos_core.model.info import CheckpointInfo
from bcos_core.numbers import count
from bcos_core.tasks.next_token import NextToken
from bcos_core.tasks.registry import answer_type
from bcos_core.text.blank import is_blank
from bcos_core.text.columns import guess_label_column
from bcos_core.text.lines import text_lines
from bcos_core.text.row_source import RowSource, open_rows
from pages.server.roles import may_do, require_member
from pages.widgets import resources, url
from pages.widgets.jobs import job_store, time_needed
from pages.widgets.kept import kept
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.supervision import before_a_start
from pages.widgets.uploads import TABLES, store_upload, upload, uploaded

PASTE, FILE, DATA = "paste", "file", "data"
_SOURCES = {PASTE: "Paste texts", FILE: "A file", DATA: "A data set"}
_ABOUT = "A text in each row. It stays on this machine."
_OWN = ""
_NONE = ""
_COLUMNS = ("text-column", "second-column", "id-column", "label-column")


def choose_batch(known: dict[str, CheckpointInfo]) -> None:
    """The form. The address holds every choice but the pasted texts."""
    row = st.columns([3, 3, 2])
    with row[0]:
        model = known[_choose_model(known)]
    with row[1]:
        methods = _choose_methods(model)
    with row[2]:
        target = _choose_target(model)
    if not may_do(Action.SUBMIT_JOB):  # nothing is read, or fetched, for those who may not explain it
        offer(st.button, "Explain", Action.SUBMIT_JOB, type="primary")
        return
    source = st.segmented_control(
        "Texts", list(_SOURCES), format_func=_SOURCES.__getitem__, required=True, **url.bound("source", PASTE)
    )
    if source == FILE:
        upload(TABLES, _ABOUT, clears=_COLUMNS)
    data = _data(str(source), model)
    if data is None or not methods:
        st.button("Explain", type="primary", disabled=True, help="Choose texts and at least one method.")
        return
    columns = _columns_of(data)
    text, second = guess_columns(columns, model) if source == PASTE else _choose_columns(data, columns, model)
    if text is None:
        st.info("Choose the column that holds the texts.")
        return
    id_column, label = (None, None) if source == PASTE else _choose_kept(columns, {text, second})
    spec = BatchSpec(
        checkpoint=str(model.path),
        methods=tuple(m.name for m in methods),
        data=data,
        text_column=text,
        second_column=second,
        id_column=id_column,
        label_column=label,
        target=target,
        span=_choose_span() if model.task_type == NextToken.name else LAST_TOKEN,
    )
    require_fitting(spec, columns)
    before_a_start()
    with st.container(horizontal=True, vertical_alignment="center"):
        if offer(st.button, "Explain", Action.SUBMIT_JOB, type="primary"):
            require_member(Action.SUBMIT_JOB)
            job, _ = BATCH.submit(job_store(), spec)
            url.write(batch=job.id, page=None, search=None, given=None, rows=None, order=None)
            st.rerun()
        st.markdown(plain(_price(spec)), width="content")


def _choose_model(known: dict[str, CheckpointInfo]) -> str:
    first = resources.newest_pair(known)[0]
    return str(
        st.selectbox(
            "Model",
            list(known),
            format_func=lambda name: known[name].name,
            **url.bound("model", first, parse=url.one_of(known), clears=("method", "target")),
        )
    )


def _choose_methods(model: CheckpointInfo) -> list[Method]:
    if model.task_type == NextToken.name:  # each token of a span is explained by the model's own sum
        return [METHODS[own_name(is_bcos=model.kind == "bcos")]]
    fitting = [
        m.name
        for m in METHODS.values()
        if not m.unsupported(is_bcos=model.kind == "bcos", family=model.family, answers=model.task_type)
        and not m.chance
    ]
    names = st.multiselect(
        "Methods",
        fitting,
        format_func=lambda name: METHODS[name].title,
        max_selections=MOST_METHODS,
        help="\n".join(f"- **{plain(METHODS[n].title)}**: {plain(METHODS[n].description)}" for n in fitting),
        **url.bound_list("method", [own_name(is_bcos=model.kind == "bcos")], fitting),
    )
    return [METHODS[name] for name in names][:MOST_METHODS]


def _choose_target(model: CheckpointInfo) -> str | None:
    labels = list(model.labels)
    if len(labels) < 2:
        return None
    output = answer_type(model.task_type).output
    chosen = st.selectbox(
        f"Explained {output}",
        [_OWN, *labels],
        format_func=lambda name: "Each text’s own answer" if name == _OWN else name,
        **url.bound("target", _OWN, parse=url.one_of([_OWN, *labels])),
    )
    return str(chosen) if chosen else None


def _data(source: str, model: CheckpointInfo) -> RowSource | None:
    """What is to be explained; None while there is nothing yet."""
    if source == DATA:
        row = st.columns([3, 1])
        name = row[0].text_input(
            "Data set",
            placeholder="stanfordnlp/imdb",
            help="A data set of the hub (OWNER/NAME or OWNER/NAME:CONFIGURATION), an embedded task, or the path of a "
            "file of any size, in a folder that BCOS_ROOTS names.",
            **url.bound("data", "", clears=_COLUMNS),
        )
        split = row[1].text_input("Split", placeholder="train", **url.bound("split", "", clears=_COLUMNS))
        if not name:
            return None
        return RowSource.parse(str(name), split=str(split) or None, restrict=True)
    file = _pasted(model) if source == PASTE else uploaded()
    return None if file is None else RowSource("file", str(file))


def _columns_of(data: RowSource) -> tuple[str, ...]:
    written = Path(data.name).stat().st_mtime_ns if data.kind == "file" else 0
    return _read_columns(data.kind, data.name, data.hub_config, data.split, written)


@st.cache_data(max_entries=16, show_spinner="Reading the names of the columns …")
def _read_columns(kind: str, name: str, config: str | None, split: str | None, written: int) -> tuple[str, ...]:
    return open_rows(RowSource(kind, name, config, split)).columns


def _choose_span() -> str:
    return str(
        st.text_input(
            "Explained tokens",
            help="START:END, counted from 0, or from the end where negative: -1: is the last token of each text, 1: "
            "all but the first. Each is explained as what comes next after those before it.",
            **url.bound("span", LAST_TOKEN),
        )
    )


def _choose_kept(columns: Sequence[str], taken: set[str | None]) -> tuple[str | None, str | None]:
    """The columns of ids and of labels, which are kept beside what is computed."""
    known = [_NONE, *(name for name in columns if name not in taken)]
    places = st.columns(2)
    label = guess_label_column(known[1:]) or _NONE
    chosen = [
        place.selectbox(
            title,
            known,
            format_func=lambda name: name or "None",
            help=about,
            **url.bound(name, first, parse=url.one_of(known)),
        )
        for place, title, about, name, first in (
            (places[0], "Id column", "Kept, so that rows are found again.", "id-column", _NONE),
            (places[1], "Label column", "What the answer should be: kept, and compared.", "label-column", label),
        )
    ]
    return chosen[0] or None, chosen[1] or None


def _pasted(model: CheckpointInfo) -> Path | None:
    """The pasted texts as a file, by their content, so that a job finds them."""
    pasted = st.text_area(
        "One text in each line",
        height=160,
        help="A first and a second text have a tab between them." if model.pairs else None,
        **kept("pasted", ""),
    )
    lines = [(number, line) for number, line in text_lines(pasted or "") if not is_blank(line)]
    if not lines:
        return None
    names = model.text_columns or ("text",)
    rows = [dict(zip(names, _parts(line, number, len(names)), strict=True)) for number, line in lines]
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    require_member(Action.SUBMIT_JOB)
    return store_upload("pasted.jsonl", data)


def _parts(line: str, number: int, texts: int) -> list[str]:
    parts = line.split("\t", 1) if texts == 2 else [line]
    if len(parts) < texts or any(map(is_blank, parts)):
        raise TextError(f"Line {number:,} has not two texts with a tab between them. Give both.")
    return parts


def _choose_columns(data: RowSource, columns: Sequence[str], model: CheckpointInfo) -> tuple[str | None, str | None]:
    first, second = guess_columns(columns, model)
    places = st.columns(2)
    text = places[0].selectbox(
        "Text column",
        columns,
        index=None,
        **url.bound("text-column", first, parse=url.one_of(columns)),
    )
    if text and Path(data.name).suffix.lower() in HEADED and may_be_text(text):
        st.warning(
            plain(
                f"The first line of the file is read as the names of its columns, so “{text}” is not explained. If it "
                "is a text, put a line with the columns’ names above it, such as “text”, and upload the file again."
            )
        )
    if model.pairs is False or model.task_type == NextToken.name:
        return text, None
    other = places[1].selectbox(
        "Second text column",
        ["", *columns],
        format_func=lambda name: name or "None",
        **url.bound("second-column", second or "", parse=url.one_of(["", *columns])),
    )
    return text, other or None


def _price(spec: BatchSpec) -> str:
    """How much it is, and about how long it takes on this machine."""
    with st.spinner("Counting the rows …"):
        rows = open_rows(spec.data).count
        needed = time_needed(BATCH, spec)
    much = "" if rows is None else f"{count(rows, 'row')}, "
    return f"{much}{count(len(spec.methods), 'method')}. {needed}"
