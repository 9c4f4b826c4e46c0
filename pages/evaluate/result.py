"""A finished evaluation: what is best, in a sentence and in numbers; then the details of the score that was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from bcos_core.evaluate.between import between_models
from bcos_core.evaluate.figures import few_texts
from bcos_core.evaluate.result import Evaluation, load_evaluation
from bcos_core.evaluate.standing import Standing, standings
from bcos_core.evaluate.verdict import verdict
from bcos_core.jobs.store import Job
from bcos_core.numbers import count
from bcos_core.render.csv_file import csv_file
from bcos_core.render.report import evaluation_html
from bcos_core.render.score_matrix import LEGEND, score_matrix
from bcos_core.render.scoreboard import Row, every_score, left_out, most_texts
from pages.evaluate.chosen import chosen_contender, chosen_score
from pages.evaluate.detail import show_detail
from pages.evaluate.matrix import matrix
from pages.evaluate.slices import show_slices
from pages.widgets import resources, url
from pages.widgets.plain import plain
from pages.widgets.result_folder import result_folder


def show_result(job: Job) -> None:
    """Everything about one evaluation.

    Raises:
        InputError: its files are no longer there.
    """
    folder = result_folder(job, "evaluation", "known texts are kept")
    names = tuple((str(info.path), info.name) for info in resources.checkpoints().values())
    evaluation = _evaluation(str(folder), names)
    rows, stands = _computed(str(folder), names)
    st.header("Which method is best?", anchor=False)
    _overview(evaluation, rows, stands)
    _exports(evaluation, rows)
    show_detail(evaluation, rows, stands, lambda against: _paired(str(folder), names, against))
    show_slices(evaluation)


Names = tuple[tuple[str, str], ...]
"""What the checkpoints that are there are called: (folder, name)."""


@st.cache_resource(max_entries=8, show_spinner="Reading the evaluation …")
def _evaluation(folder: str, names: Names) -> Evaluation:
    return load_evaluation(Path(folder)).renamed(dict(names))


@st.cache_resource(max_entries=8, show_spinner="Computing intervals …")
def _computed(folder: str, names: Names) -> tuple[list[Row], tuple[Standing, ...]]:
    evaluation = _evaluation(folder, names)
    rows = evaluation.rows()
    return rows, standings(evaluation, rows)


@st.cache_data(max_entries=32, show_spinner="Comparing pairs …")
def _paired(folder: str, names: Names, against: str) -> list[Row]:
    return _evaluation(folder, names).differences(against)


def _overview(evaluation: Evaluation, rows: list[Row], stands: Sequence[Standing]) -> None:
    """What beats what, between models and in a sentence for each; then every number."""
    for sentences in filter(None, (between_models(evaluation, rows), *map(verdict, stands))):
        first, *others = sentences
        st.markdown(f"**{plain(first)}** {plain(' '.join(others))}")
    for note in filter(None, (*evaluation.notes, few_texts(most_texts(rows)), *_changed(evaluation))):
        st.warning(plain(note), icon=":material/warning:")
    score, chosen = chosen_score(evaluation), evaluation.contender(chosen_contender(evaluation))

    def choose(checkpoint: str, method: str, score: str) -> None:
        url.write(shown=score, against=f"{method}@{checkpoint}")

    matrix(score_matrix(stands, (chosen.checkpoint, chosen.method, score)), key="matrix", on_choice=choose)
    st.caption(LEGEND)
    if evaluation.skipped:
        with st.expander(f"Left out: {count(len(evaluation.skipped), 'score or method', 'scores and methods')}"):
            for skipped in evaluation.skipped:
                st.markdown(plain(left_out(skipped)))


def _changed(evaluation: Evaluation) -> list[str]:
    """Models whose files are not those that were measured."""
    known = {str(info.path): info for info in resources.checkpoints().values()}
    measured = {one.path: one for one in evaluation.contenders if one.identity}
    return [
        f"The files of {one.checkpoint} have changed since this was measured. Evaluate it again."
        for path, one in measured.items()
        if path in known and resources.identity_of(known[path]) != one.identity
    ]


def _exports(evaluation: Evaluation, rows: list[Row]) -> None:
    with st.container(horizontal=True):
        _download("CSV of all scores", csv_file(every_score(rows)), f"evaluation_{evaluation.name}.csv", "text/csv")
        page = evaluation_html(evaluation, chosen_contender(evaluation))
        _download("HTML report", page, f"evaluation_{evaluation.name}.html", "text/html")


def _download(label: str, data: str | bytes, name: str, mime: str) -> None:
    st.download_button(
        label, data, name, mime, f"download-{label}", type="tertiary", icon=":material/download:", on_click="ignore"
    )
