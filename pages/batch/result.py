"""A result as a table of heatmaps, page by page: searched, sorted and filtered on the disk; read is what is shown."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from bcos_core.attribution.record import Attribution
from bcos_core.batch.job import BATCH
from bcos_core.batch.query import IN_ORDER, ORDERS, Found, Query, Result
from bcos_core.batch.run import StoredBatch
from bcos_core.batch.schema import CUT, EXPLAINED, LEFT_OUT
from bcos_core.home import require_allowed
from bcos_core.jobs.job import Job
from bcos_core.jobs.made import result_of
from bcos_core.numbers import count, duration, number, percent
from bcos_core.render.batch import STYLE, Row, answers, batch_page, batch_table, contributions, rule
from bcos_core.render.csv_file import csv_file
from bcos_core.render.methods import method_title
from bcos_core.render.palette import PALETTES
from bcos_core.storage.content import file_stamp
from bcos_core.tasks.next_token import NextToken
from bcos_core.tasks.registry import answer_type
from pages.widgets import url
from pages.widgets.plain import plain

ROWS_SHOWN = 25
_MOST_PAGES = 100_000_000
MOST_TAKEN = 2_000
"""Rows of a download: what is more is in the folder."""
MOST_IN_ADDRESS = 1_000  # characters of a text
WORDS_SHOWN = 12
ANY = ""
TITLES = {
    IN_ORDER: "In the order of the data",
    "unsure": "Least sure first",
    "sure": "Surest first",
    "surprising": "Most surprising first",
    "expected": "Least surprising first",
    "high": "Highest value first",
    "low": "Lowest value first",
    "inexact": "Largest completeness error first",
    "mismatch": "Other than the label first",
}
STATES = {ANY: "Any row", EXPLAINED: "Read whole", CUT: "Cut at the model’s limit", LEFT_OUT: "Left out"}


def show_result(job: Job) -> None:
    stored = result_of(job, StoredBatch)
    folder = require_allowed(stored.folder)
    result = _open(str(folder), file_stamp(folder / "summary.json") if (folder / "summary.json").exists() else None)
    spec, summary, kind = BATCH.read(job.spec), result.summary, answer_type(result.manifest.task_type)
    speaks = result.manifest.task_type == NextToken.name
    st.caption(plain(" · ".join(_totals(result, stored, spec.target, spec.minus))))
    query = _choose(result)
    found = result.count(query)
    pages = max(1, math.ceil(found / ROWS_SHOWN))
    page = min(pages, max(1, url.number("page", below=_MOST_PAGES) or 1))
    shown = result.page(query, (page - 1) * ROWS_SHOWN, ROWS_SHOWN)
    model, palette = Path(spec.checkpoint).name, next(iter(PALETTES.values()))
    address = _generate_address if speaks else _compare_address
    table = batch_table(list(map(_row, shown)), palette, address=lambda record: address(model, record, spec.target))
    st.html(f"<style>{STYLE}</style>{table}")
    opened = "goes on from there on Generate" if speaks else "opens its text on Compare"
    st.caption(plain(f"{rule(palette, kind)} A number on the left {opened}."))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Previous", disabled=page == 1, on_click=url.write, kwargs={"page": str(page - 1)})
        st.button("Next", disabled=page == pages, on_click=url.write, kwargs={"page": str(page + 1)})
        of = result.count(Query())
        what = "token" if speaks else "text"
        st.caption(f"Page {page:,} of {pages:,}, {count(found, what)} of {of:,}", width="content")
    _words(result)
    if found:
        _downloads(job, result, query, found)
    st.caption(plain(f"Every row, as Parquet: {folder}"))
    if summary.unknown_labels:
        st.caption(f"Labels that are none of the model’s classes: {summary.unknown_labels:,}.")
    if summary.other_answers and kind.has_probabilities:
        listed = count(len(summary.answers), "answer")
        st.caption(f"The filter lists {listed}; {count(summary.other_answers, what)} had others.")


@st.cache_resource(max_entries=4, show_spinner="Opening the result …")
def _open(folder: str, written: object) -> Result:
    return Result(Path(folder))


def _totals(result: Result, stored: StoredBatch, target: str | None, minus: str | None) -> list[str]:
    summary, labels = result.summary, result.manifest.labels
    if result.manifest.task_type == NextToken.name:
        explained = f"{count(summary.explanations, 'next token')} explained"
    else:
        named = f"{target} rather than {minus}" if target and minus else target
        explained = f"explained: {named or ('each text’s own answer' if len(labels) > 1 else labels[0])}"
    parts = [count(summary.rows, "row"), duration(stored.seconds), explained]
    parts += [f"{summary.cut:,} cut at the model’s limit"] if summary.cut else []
    parts += [f"{count(n, 'row')} left out: {reason}" for reason, n in summary.reasons.items()]
    what = "token" if result.manifest.task_type == NextToken.name else "text"
    parts += [f"no explanation by {method_title(name)} of {count(n, what)}" for name, n in summary.failed.items()]
    if summary.labelled:
        share = percent(summary.mismatches / summary.labelled)
        parts.append(f"{summary.mismatches:,} of {summary.labelled:,} ({share}) are answered otherwise than labelled")
    if summary.largest_error is not None:
        parts.append(f"largest completeness error {number(summary.largest_error)}")
    return parts


def _row(found: Found) -> Row:
    return Row(found.row, found.records, found.text, found.reason or "Left out.", found.id, found.label)


def _compare_address(model: str, record: Attribution, target: str | None) -> str:
    """Where Compare shows the text; "" of one that is too long for an address."""
    if len(record.text) > MOST_IN_ADDRESS:
        return ""
    asked = {"model": model, "text": record.text, **({"target": target} if target else {})}
    if record.target.minus_label is not None:
        asked["minus"] = record.target.minus_label
    return f"compare?{urlencode(asked)}"


def _generate_address(model: str, record: Attribution, target: str | None) -> str:
    """Where Generate goes on from what the model had read."""
    if len(record.text) > MOST_IN_ADDRESS or not record.text.strip():
        return ""
    return f"generate?{urlencode({'model': model, 'prompt': record.text})}"


def _choose(result: Result) -> Query:
    """What the filters keep, and the order; the address holds both."""
    kind, summary = answer_type(result.manifest.task_type), result.summary
    columns = st.columns(4)
    words = columns[0].text_input("Text contains", **url.bound("search", "", clears=("page",)))
    predicted = ANY
    if kind.has_probabilities:
        known = [ANY, *summary.answers]
        predicted = str(
            columns[1].selectbox(
                "Answer",
                known,
                format_func=lambda name: name or "Any answer",
                **url.bound("given", ANY, parse=url.one_of(known), clears=("page",)),
            )
        )
    states = [name for name in STATES if _has(result, name)]
    if summary.mismatches:
        states.append("mismatch")
    state = columns[2].selectbox(
        "Rows",
        states,
        format_func=lambda name: STATES.get(name, "Answered otherwise than labelled"),
        **url.bound("rows", ANY, parse=url.one_of(states), clears=("page",)),
    )
    orders = [
        name
        for name in (IN_ORDER, *ORDERS)
        if (kind.has_probabilities or name not in ("sure", "unsure", "surprising", "expected"))
        and (summary.labelled or name != "mismatch")
        and (summary.largest_error is not None or name != "inexact")
    ]
    order = columns[3].selectbox(
        "Sorted",
        orders,
        format_func=TITLES.__getitem__,
        help=f"The value is the explained {kind.explained}; surprise is minus the logarithm of the probability of what "
        "is explained.",
        **url.bound("order", IN_ORDER, parse=url.one_of(orders), clears=("page",)),
    )
    return Query(
        words=str(words or ""),
        predicted=predicted or None,
        state=state if state in (EXPLAINED, CUT, LEFT_OUT) else None,
        mismatch=True if state == "mismatch" else None,
        order=str(order or IN_ORDER),
    )


def _has(result: Result, state: str) -> bool:
    summary = result.summary
    # Of a language model, a token may be left out of a text that is not.
    left_out = summary.left_out > 0 or result.manifest.methods[0].name in summary.failed
    return {ANY: True, EXPLAINED: summary.explained > summary.cut, CUT: summary.cut > 0}.get(state, left_out)


def _words(result: Result) -> None:
    """Which words have the largest mean contributions over all rows."""
    if not any(one.supports or one.against for one in result.summary.words):
        return
    with st.expander("Words with the largest contributions", icon=":material/sort:"):
        for one in result.summary.words:
            target = f" to {one.target}" if one.target else ""
            by = f" by {method_title(one.method)}" if len(result.manifest.methods) > 1 else ""
            st.markdown(plain(f"Mean contribution{target}{by}, of {count(one.explanations, 'explanation')}"))
            columns = st.columns(2)
            for column, title, found in zip(
                columns, ("Supports", "Speaks against"), (one.supports, one.against), strict=True
            ):
                rows = [{"word": w.word, "mean": w.mean, "times": w.times} for w in found[:WORDS_SHOWN]]
                column.dataframe(
                    pd.DataFrame(rows, columns=["word", "mean", "times"]),
                    hide_index=True,
                    column_config={
                        "word": title,
                        "mean": st.column_config.NumberColumn("Mean", format="%.3g"),
                        "times": "Times",
                    },
                )
            if one.forgotten:
                st.caption(f"Occurrences of rare words that were not counted to the end: {one.forgotten:,}.")


def _downloads(job: Job, result: Result, query: Query, found: int) -> None:
    """Of the rows that are kept; read and made when somebody asks for them."""
    name = f"batch_{job.id}"

    def rows() -> list[Row]:
        return list(map(_row, result.page(query, 0, MOST_TAKEN)))

    files: dict[str, tuple[Callable[[], str | bytes], str, str]] = {
        "Contributions (CSV)": (lambda: csv_file(contributions(rows())), f"{name}_contributions.csv", "text/csv"),
        "Answers (CSV)": (lambda: csv_file(answers(rows())), f"{name}_answers.csv", "text/csv"),
        "Records (JSON)": (lambda: _json(rows()), f"{name}.json", "application/json"),
        "Table (HTML)": (lambda: batch_page(rows(), job.title), f"{name}.html", "text/html"),
    }
    with st.container(horizontal=True, vertical_alignment="center"):
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
        if found > MOST_TAKEN:
            st.caption(f"The first {MOST_TAKEN:,} of the rows, in this order.", width="content")


def _json(rows: Sequence[Row]) -> str:
    records = [json.loads(record.to_json()) for row in rows for record in row.records]
    return json.dumps(records, ensure_ascii=False)
