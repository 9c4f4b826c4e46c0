"""A batch as a table of heatmaps: sorted, searched, page by page; and everything that can be taken away."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from bcos_core.attribution.record import Attribution
from bcos_core.batch.job import BATCH
from bcos_core.batch.result import Rows, StoredBatch, load_batch
from bcos_core.home import get_home
from bcos_core.jobs.job import Job
from bcos_core.jobs.made import result_of
from bcos_core.numbers import count, duration
from bcos_core.render.batch import STYLE, Row, answers, batch_page, batch_table, contributions, rule
from bcos_core.render.csv_file import csv_file
from bcos_core.render.palette import PALETTES
from bcos_core.tasks.registry import TASK_TYPES
from pages.widgets import url
from pages.widgets.plain import plain

ROWS_SHOWN = 25
_MOST_PAGES = 1_000_000
MOST_IN_ADDRESS = 1_000  # characters of a text
ANY = ""
ORDERS = {
    "file": "In the order of the file",
    "unsure": "Least sure first",
    "sure": "Surest first",
    "high": "Highest value first",
    "low": "Lowest value first",
}


def show_result(job: Job) -> None:
    stored = result_of(job, StoredBatch)
    rows = _load(str(get_home().batches / stored.batch), job.id)
    spec = BATCH.read(job.spec)
    explained = spec.target or ("each text’s own answer" if len(rows[0][0].labels) > 1 else rows[0][0].target.title)
    parts = [count(stored.texts, "text"), duration(stored.seconds), f"explained: {explained}"]
    parts += [f"{stored.failed:,} explanations failed"] if stored.failed else []
    parts += [f"{stored.empty_rows:,} empty rows left out"] if stored.empty_rows else []
    st.caption(plain(" · ".join(parts)))
    chosen = _choose(rows)
    palette = next(iter(PALETTES.values()))
    pages = max(1, math.ceil(len(chosen) / ROWS_SHOWN))
    page = min(pages, max(1, url.number("page", below=_MOST_PAGES) or 1))
    model = Path(spec.checkpoint).name
    shown = chosen[(page - 1) * ROWS_SHOWN : page * ROWS_SHOWN]
    table = batch_table(shown, palette, address=lambda record: compare_address(model, record, spec.target))
    st.html(f"<style>{STYLE}</style>{table}")
    st.caption(plain(rule(palette, TASK_TYPES[rows[0][0].task_type])))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Previous", disabled=page == 1, on_click=url.write, kwargs={"page": str(page - 1)})
        st.button("Next", disabled=page == pages, on_click=url.write, kwargs={"page": str(page + 1)})
        st.caption(f"Page {page:,} of {pages:,}, {count(len(chosen), 'text')} of {len(rows):,}", width="content")
    if chosen:
        _downloads(job, chosen)


def compare_address(model: str, record: Attribution, target: str | None) -> str:
    """Where Compare shows the text; "" of one that is too long for an address."""
    if len(record.text) > MOST_IN_ADDRESS:
        return ""
    asked = {"model": model, "text": record.text, **({"target": target} if target else {})}
    return f"compare?{urlencode(asked)}"


@st.cache_resource(max_entries=4, show_spinner="Reading the records …")
def _load(folder: str, job: str) -> Rows:
    return load_batch(Path(folder))


def _choose(rows: Rows) -> list[Row]:
    """The rows that the filters keep, in their order; the address holds both."""
    kind = TASK_TYPES[rows[0][0].task_type]
    columns = st.columns(3)
    word = columns[0].text_input("Text contains", **url.bound("search", "", clears=("page",)))
    given = ANY
    if kind.discrete:
        labels = sorted({row[0].prediction.label for row in rows})
        given = str(
            columns[1].selectbox(
                "Answer",
                [ANY, *labels],
                format_func=lambda name: name or "Any answer",
                **url.bound("given", ANY, parse=url.one_of([ANY, *labels]), clears=("page",)),
            )
        )
    known = [name for name in ORDERS if kind.has_probabilities or name not in ("sure", "unsure")]
    order = columns[2].selectbox(
        "Sorted",
        known,
        format_func=ORDERS.__getitem__,
        help=f"The value is the explained {kind.explained}.",
        **url.bound("order", "file", parse=url.one_of(known), clears=("page",)),
    )
    return arranged(rows, search=str(word or ""), answer=given, order=str(order or "file"))


def arranged(rows: Rows, *, search: str, answer: str, order: str) -> list[Row]:
    """The rows, numbered as in the file, that hold the words and have the answer; sorted."""
    looked_for = search.casefold().strip()
    kept = [
        (place, row)
        for place, row in enumerate(rows, start=1)
        if looked_for in row[0].text.casefold() and answer in (ANY, row[0].prediction.label)
    ]
    if order in ("sure", "unsure"):
        return sorted(kept, key=lambda one: one[1][0].probabilities[one[1][0].predicted], reverse=order == "sure")
    if order in ("high", "low"):
        return sorted(kept, key=lambda one: one[1][0].logit, reverse=order == "high")
    return kept


def _downloads(job: Job, rows: Sequence[Row]) -> None:
    """Of the rows that are kept; made when somebody asks for them."""
    name = f"batch_{job.id}"
    files: dict[str, tuple[Callable[[], str | bytes], str, str]] = {
        "Contributions (CSV)": (lambda: csv_file(contributions(rows)), f"{name}_contributions.csv", "text/csv"),
        "Answers (CSV)": (lambda: csv_file(answers(rows)), f"{name}_answers.csv", "text/csv"),
        "Records (JSON)": (lambda: _json(rows), f"{name}.json", "application/json"),
        "Table (HTML)": (lambda: batch_page(rows, job.title), f"{name}.html", "text/html"),
    }
    with st.container(horizontal=True):
        for label, (make, file, mime) in files.items():
            st.download_button(
                label,
                make,
                file,
                mime,
                key=f"take-{label}",
                type="tertiary",
                icon=":material/download:",
                on_click="ignore",
            )


def _json(rows: Sequence[Row]) -> str:
    records = [json.loads(record.to_json()) for _, row in rows for record in row]
    return json.dumps(records, ensure_ascii=False)
