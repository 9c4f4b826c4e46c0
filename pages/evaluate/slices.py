"""Every score on some of the texts of an evaluation: by length, class, confidence, a word, or where methods differ."""

from __future__ import annotations

import streamlit as st

from bcos_core.attribution.registry import CHANCE
from bcos_core.evaluate.figures import few_texts
from bcos_core.evaluate.result import Evaluation
from bcos_core.evaluate.slices import SLICINGS, Slicing, is_of_texts, sliced_rows, slices_of, task_of
from bcos_core.render.file_name import file_name
from bcos_core.render.methods import method_title
from bcos_core.render.scoreboard import Row
from bcos_core.render.slices import CHANCE_OF_MANY, slices_figure, slices_html, slices_table
from bcos_core.storage.evidence import EvidenceStore
from pages.evaluate.chosen import chosen_contender, chosen_score
from pages.server.roles import database
from pages.widgets import resources, url
from pages.widgets.chart import chart
from pages.widgets.errors import guard
from pages.widgets.plain import plain
from pages.widgets.table_files import table_files

_NONE = "none"
_DRAWN = 6
"""So many methods are drawn beside each other; of more, the one that was chosen and random scores."""


def show_slices(evaluation: Evaluation) -> None:
    """The choice of a slice, and the chosen score in each part of it."""
    st.header("On which texts does it hold?", anchor=False)
    offered = [name for name in SLICINGS if name != "confidence" or evaluation.spec["probability"] != "score"]
    titles = {_NONE: "All together", **{name: SLICINGS[name].partition(":")[0] for name in offered}}
    kind = str(
        st.segmented_control(
            "Slices",
            list(titles),
            format_func=titles.__getitem__,
            required=True,
            label_visibility="collapsed",
            **url.bound("slice", _NONE, parse=url.one_of(titles)),
        )
    )
    if kind == _NONE:
        st.caption("Choose how the texts are put apart: every score is read again from what was measured of each text.")
        return
    with guard():
        slicing = _slicing(evaluation, kind)
        if slicing is not None:
            _show(evaluation, slicing)


def _slicing(evaluation: Evaluation, kind: str) -> Slicing | None:
    """What was chosen; None while something is missing."""
    st.caption(plain(f"{SLICINGS[kind]}."))
    if kind == "word":
        word = st.text_input("Word", placeholder="not", **url.bound("slice-word", "")).strip()
        return Slicing(kind, word) if word else None
    if kind != "disagreement":
        return Slicing(kind)
    chosen = evaluation.contender(chosen_contender(evaluation)).checkpoint
    methods = [one.method for one in evaluation.contenders if one.checkpoint == chosen]
    if len(methods) < 2:
        st.info("One method cannot disagree with itself: evaluate another one beside it.")
        return None
    left, right = st.columns(2)
    one = left.selectbox(
        "One method", methods, format_func=method_title, **url.bound("one", methods[0], parse=url.one_of(methods))
    )
    others = [method for method in methods if method != one]
    other = right.selectbox(
        "Another method", others, format_func=method_title, **url.bound("other", others[0], parse=url.one_of(others))
    )
    return Slicing(kind, methods=(str(one), str(other)))


def _show(evaluation: Evaluation, slicing: Slicing) -> None:
    score, against = chosen_score(evaluation), evaluation.contender(chosen_contender(evaluation))
    if not is_of_texts(score):
        st.info("This score has one value for each pair of texts, not for each text. Choose another score above.")
        return
    data = resources.task_data(task_of(evaluation))
    slices = slices_of(evaluation, slicing, data, EvidenceStore(database()))
    every = sliced_rows(evaluation, slices, against.id)
    rows = [row for row in every if row["score"] == score]
    called = f"{method_title(against.method)} · {against.checkpoint}"
    chart(slices_figure(_drawn(rows, against.checkpoint, against.method), score), key=f"slices-{score}")
    few = few_texts(min((row["n"] for row in rows if row["n"]), default=0))
    st.caption(plain(" ".join(filter(None, [CHANCE_OF_MANY, few]))))
    table = slices_table(rows, called).drop(columns="score")
    numbers = {
        name: st.column_config.NumberColumn(format="%+.3f" if "minus" in name or "difference" in name else "%.3f")
        for name in table.columns
        if name not in ("slice", "method", "model", "texts")
    }
    height = min(38 + 35 * len(table), 420)
    st.dataframe(table, hide_index=True, placeholder="–", height=height, column_config=numbers)
    said, name = SLICINGS[slicing.kind], f"slices_{slicing.kind}_{evaluation.name}"
    with st.container(horizontal=True):
        table_files(
            lambda: slices_table(every, called),
            name=name,
            caption=f"{said}. Means with 95 % intervals, and paired differences with {called}.",
            key="slices-table",
            methods=dict.fromkeys(contender.method for contender in evaluation.contenders),
        )
        st.download_button(
            "Report of every score (HTML)",
            lambda: slices_html(evaluation, said, every, called).encode(),
            f"{file_name(name)}.html",
            "text/html",
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
        )


def _drawn(rows: list[Row], checkpoint: str, method: str) -> list[Row]:
    """The rows of one model, of all methods where they are few."""
    own = [row for row in rows if row["checkpoint"] == checkpoint]
    if len({row["method"] for row in own}) <= _DRAWN:
        return own
    return [row for row in own if row["method"] in (method, CHANCE)]
