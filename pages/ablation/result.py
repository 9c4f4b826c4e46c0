"""A finished ablation: what its figures support, every recipe's figures, and how they came about."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import streamlit as st

from bcos_core.ablation.result import Ablation, load_ablation
from bcos_core.ablation.sentence import ablation_sentences
from bcos_core.jobs.store import Job
from bcos_core.model.folder import folder_bytes
from bcos_core.numbers import count, file_size
from bcos_core.render.ablation import SIDES, ablation_figure, ablation_markdown, figures_table, summary_table
from pages.widgets import url
from pages.widgets.chart import chart
from pages.widgets.plain import plain
from pages.widgets.result_folder import result_folder
from pages.widgets.table_files import table_files


def show_result(job: Job) -> None:
    """Everything about one ablation.

    Raises:
        InputError: its files are no longer there.
    """
    folder = result_folder(job, "ablation", "what was trained is kept")
    ablation = _ablation(str(folder))
    st.header("Which options make a difference?", anchor=False)
    first, *others = ablation_sentences(ablation)
    st.markdown(f"**{plain(first)}**")
    for sentence in others:
        st.markdown(plain(sentence))
    for note in ablation.notes:
        st.warning(plain(note), icon=":material/warning:")
    _figures(ablation)
    _tables(job, ablation)
    _how(ablation)


@st.cache_resource(max_entries=8, show_spinner="Reading the ablation …")
def _ablation(folder: str) -> Ablation:
    return load_ablation(Path(folder))


@st.cache_data(max_entries=8, show_spinner="Computing intervals …")
def _summary(folder: str, _ablation: Ablation, side: str) -> pd.DataFrame:
    return summary_table(_ablation, side)  # type: ignore[arg-type]


def _figures(ablation: Ablation) -> None:
    st.header("Every recipe", anchor=False)
    titles = {one.name: one.title for one in ablation.measures}
    shown = str(
        st.selectbox(
            "Measure",
            list(titles),
            format_func=titles.__getitem__,
            **url.bound("measure", list(titles)[min(1, len(titles) - 1)], parse=url.one_of(titles)),
        )
    )
    measure = next(one for one in ablation.measures if one.name == shown)
    st.caption("Means with 95 % intervals over seeds and texts, on the validation side. The default is a diamond.")
    chart(
        ablation_figure(ablation, measure),
        key=f"ablation-{shown}",
        name=f"ablation_{shown}",
        data=lambda: figures_table(ablation),
    )


def _tables(job: Job, ablation: Ablation) -> None:
    for side in SIDES:
        table = _summary(str(job.artefacts[0]), ablation, side)
        if not len(table):
            continue
        st.subheader(f"{side.capitalize()} texts", anchor=False)
        if side == "test":
            st.caption("These had no part in the choice: only the default, what was chosen and the twin are looked at.")
        st.dataframe(table, hide_index=True, key=f"ablation-table-{side}")
    with st.container(horizontal=True):
        table_files(
            lambda: figures_table(ablation),
            name=f"ablation_{job.id}",
            caption=f"Ablation on {ablation.task}.",
            key="ablation-files",
        )
        st.download_button(
            "Report (Markdown)",
            lambda: ablation_markdown(ablation).encode(),
            f"ablation_{job.id}.md",
            "text/markdown",
            "ablation-report",
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
        )


def _how(ablation: Ablation) -> None:
    with st.expander("How these figures came about"):
        st.markdown(plain(ablation.protocol))
        objectives = Counter(row.objective for row in ablation.rows)
        for objective in objectives:
            rows = ", ".join(row.name for row in ablation.rows if row.objective == objective)
            st.markdown(plain(f"Trained for {objective}: {rows}."))
        for name, reason in ablation.left_out:
            st.markdown(plain(f"Left out: {name}. {reason}"))
        folders = [Path(model.checkpoint) for row in ablation.rows for model in row.models]
        there = [folder for folder in folders if folder.is_dir()]
        size = file_size(sum(map(folder_bytes, there)))
        st.markdown(
            plain(f"Kept: {count(len(there), 'model')} of it ({size}), so that a wider ablation trains nothing twice.")
        )
