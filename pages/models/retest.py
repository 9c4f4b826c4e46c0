"""Does a word decide? It is edited in the test texts, and the model is asked again."""

from __future__ import annotations

import streamlit as st

from bcos_core.evaluate.retest import Retest
from bcos_core.evaluate.retest_job import RETEST
from bcos_core.evaluate.retest_spec import RetestSpec
from bcos_core.evaluate.word_edits import WORD_EDITS
from bcos_core.jobs.made import result_of
from bcos_core.jobs.store import JobState
from bcos_core.model.info import CheckpointInfo
from bcos_core.render.csv_file import csv_file
from bcos_core.render.file_name import file_name
from bcos_core.render.retest import retest_html, retest_markdown, retest_sentences, retest_table
from pages.widgets import url
from pages.widgets.plain import plain
from pages.widgets.request import Request, ask


def retest_of(info: CheckpointInfo, word: str, label: int, method: str, limit: int, seed: int) -> None:
    """The word that was chosen: how it is edited, and what that does."""
    st.subheader(plain(f"Does “{word}” decide?"), anchor=False)
    left, right = st.columns(2)
    edit = str(
        left.segmented_control(
            "What is done with the word?",
            list(WORD_EDITS),
            format_func=lambda name: WORD_EDITS[name].title,
            required=True,
            **url.bound("edit", "drop", parse=url.one_of(WORD_EDITS)),
        )
    )
    other = ""
    if WORD_EDITS[edit].replaces:
        other = right.text_input("Put in its place", **url.bound("edit-other", "")).strip()
        if not other:
            st.caption("Type the word to put in its place.")
            return
    request = Request(RETEST, RetestSpec(str(info.path), word, label, method, edit, other, limit, seed))
    done = next((job for job in request.jobs() if job.state == JobState.SUCCEEDED), None)
    if done is None:
        what = (
            f"The word is edited in those of the {limit} test texts that have it, and the model is asked again; beside "
            "it, another word of the same texts, drawn by lot, is edited in the same way."
        )
        ask(request, what, "Edit and ask again", primary=True)
        return
    _result(result_of(done, Retest))


def _result(retest: Retest) -> None:
    first, *others = retest_sentences(retest)
    st.markdown(f"**{plain(first)}**")
    for sentence in others:
        st.markdown(plain(sentence))
    table = retest_table(retest)
    numbers = {name: st.column_config.NumberColumn(format="%.3f") for name in ("before", "after", "with another word")}
    said = ("answer", "answer after", "leans on it", "contribution", "place among words")
    st.dataframe(
        table,
        hide_index=True,
        height=320,
        column_order=("before", "after", *said, "with another word", "text", "edited"),
        column_config={**numbers, "contribution": st.column_config.NumberColumn(format="%+.3f")},
    )
    name = file_name(f"retest_{retest.word}_{retest.edit}_{retest.model}")
    with st.container(horizontal=True):
        for title, ending, mime, data in (
            ("Report (HTML)", "html", "text/html", lambda: retest_html(retest).encode()),
            ("Report (Markdown)", "md", "text/markdown", lambda: retest_markdown(retest).encode()),
            ("All texts (CSV)", "csv", "text/csv", lambda: csv_file(table)),
        ):
            st.download_button(
                title,
                data,
                f"{name}.{ending}",
                mime,
                f"retest-{ending}",
                type="tertiary",
                icon=":material/download:",
                on_click="ignore",
            )
