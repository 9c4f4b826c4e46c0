"""What is to be explained: a model, methods, and texts, pasted or in a file; and about how long that takes."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from bcos_core.attribution.method import Method
from bcos_core.attribution.registry import METHODS
from bcos_core.batch.columns import guess_columns, may_be_text
from bcos_core.batch.job import BATCH
from bcos_core.batch.spec import MOST_METHODS, MOST_TEXTS, BatchSpec, BatchTexts, read_texts
from bcos_core.errors import TextError
from bcos_core.evaluate.vocabulary_job import default_method
from bcos_core.model.info import CheckpointInfo
from bcos_core.numbers import count
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.blank import is_blank
from bcos_core.text.files import open_table
from bcos_core.text.lines import text_lines
from pages.server.roles import require_researcher
from pages.widgets import resources, url
from pages.widgets.jobs import job_store, time_needed
from pages.widgets.kept import kept
from pages.widgets.plain import plain
from pages.widgets.supervision import supervisor_notice
from pages.widgets.uploads import TABLES, store_upload, upload, uploaded

PASTE, FILE = "paste", "file"
_SOURCES = {PASTE: "Paste texts", FILE: "A file"}
_ABOUT = f"A text in each row, {MOST_TEXTS:,} at most. It stays on this machine."
_OWN = ""


def choose_batch(known: dict[str, CheckpointInfo]) -> None:
    """The form. The address holds every choice but the pasted texts."""
    row = st.columns([3, 3, 2])
    with row[0]:
        model = known[_choose_model(known)]
    with row[1]:
        methods = _choose_methods(model)
    with row[2]:
        target = _choose_target(model)
    source = st.segmented_control(
        "Texts", list(_SOURCES), format_func=_SOURCES.__getitem__, required=True, **url.bound("source", PASTE)
    )
    if source == FILE:
        upload(TABLES, _ABOUT, clears=("text-column", "second-column"))
    file = _pasted(model) if source == PASTE else uploaded()
    if file is None or not methods:
        st.button("Explain", type="primary", disabled=True, help="Choose texts and at least one method.")
        return
    text, second = _choose_columns(file, model) if source == FILE else guess_columns(open_table(file).columns, model)
    if text is None:
        st.info("Choose the column that holds the texts.")
        return
    spec = BatchSpec(str(model.path), tuple(m.name for m in methods), str(file), text, second, target)
    found = _read(spec, model)
    supervisor_notice()
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Explain", type="primary"):
            require_researcher()
            job, _ = BATCH.submit(job_store(), spec)
            url.write(batch=job.id, page=None, search=None, given=None, order=None)
            st.rerun()
        st.markdown(plain(_price(found, spec)), width="content")


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
        **url.bound_list("method", [default_method(model)], fitting),
    )
    return [METHODS[name] for name in names][:MOST_METHODS]


def _choose_target(model: CheckpointInfo) -> str | None:
    labels = list(model.labels)
    if len(labels) == 1:
        return None
    output = TASK_TYPES[model.task_type].output
    chosen = st.selectbox(
        f"Explained {output}",
        [_OWN, *labels],
        format_func=lambda name: "Each text’s own answer" if name == _OWN else name,
        **url.bound("target", _OWN, parse=url.one_of([_OWN, *labels])),
    )
    return str(chosen) if chosen else None


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
    return store_upload("pasted.jsonl", data)


def _parts(line: str, number: int, texts: int) -> list[str]:
    parts = line.split("\t", 1) if texts == 2 else [line]
    if len(parts) < texts or any(map(is_blank, parts)):
        raise TextError(f"Line {number:,} has not two texts with a tab between them. Give both.")
    return parts


def _choose_columns(file: Path, model: CheckpointInfo) -> tuple[str | None, str | None]:
    columns = list(open_table(file).columns)
    first, second = guess_columns(columns, model)
    places = st.columns(2)
    text = places[0].selectbox(
        "Text column",
        columns,
        index=None,
        **url.bound("text-column", first, parse=url.one_of(columns)),
    )
    if text and file.suffix.lower() in (".csv", ".tsv") and may_be_text(text):
        st.warning(
            plain(
                f"The first line of the file is read as the names of its columns, so “{text}” is not explained. If it "
                "is a text, put a line with the columns’ names above it, such as “text”, and upload the file again."
            )
        )
    if model.pairs is False:
        return text, None
    other = places[1].selectbox(
        "Second text column",
        ["", *columns],
        format_func=lambda name: name or "None",
        **url.bound("second-column", second or "", parse=url.one_of(["", *columns])),
    )
    return text, other or None


def _read(spec: BatchSpec, model: CheckpointInfo) -> BatchTexts:
    written = Path(spec.file).stat().st_mtime_ns
    return _texts(spec.file, written, spec.text_column, spec.second_column, str(model.path), model)


@st.cache_data(max_entries=8, show_spinner="Reading the texts …")
def _texts(file: str, written: int, text: str, second: str | None, path: str, _model: CheckpointInfo) -> BatchTexts:
    return read_texts(file, text, second, _model)


def _price(found: BatchTexts, spec: BatchSpec) -> str:
    """How much it is, and about how long it takes on this machine."""
    empty = f" ({count(found.empty_rows, 'empty row')} left out)" if found.empty_rows else ""
    much = f"{count(len(found.texts), 'text')}{empty}, {count(len(spec.methods), 'method')}."
    return f"{much} {time_needed(BATCH, spec)}"
