"""A finished evaluation: the leaderboard of a score, differences, curves, costs, protocol and export."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from bcos_core.errors import InputError
from bcos_core.evaluate.result import Evaluation, load_evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.home import require_allowed
from bcos_core.jobs.store import Job
from bcos_core.render.csv_file import csv_file
from bcos_core.render.methods import method_title
from bcos_core.render.report import evaluation_html
from bcos_core.render.scoreboard import (
    Row,
    curve_figures,
    differences_table,
    every_score,
    frontier_figure,
    leaderboard_figure,
    leaderboard_table,
    left_out,
)
from pages.widgets import resources, url
from pages.widgets.chart import chart
from pages.widgets.plain import plain
from pages.widgets.table_files import table_files


def show_result(job: Job) -> None:
    """Everything about one evaluation.

    Raises:
        InputError: its files are no longer there.
    """
    folder = require_allowed(job.artefacts[0]) if job.artefacts else None
    if folder is None or not folder.is_dir():
        raise InputError("The files of this evaluation are no longer there. Run it again: known texts are kept.")
    evaluation = _evaluation(str(folder))
    rows = _rows(str(folder))
    score = str(
        st.segmented_control(
            "Score",
            list(evaluation.scores),
            format_func=lambda name: SCORES[name].title,
            required=True,
            **url.bound("shown", evaluation.scores[0], parse=url.one_of(evaluation.scores)),
        )
    )
    st.caption(plain(SCORES[score].description))
    left, right = st.columns([3, 2], gap="large")
    with left:
        chart(leaderboard_figure(rows, score), key=f"board-{score}", data=lambda: leaderboard_table(rows, score))
    with right:
        chart(frontier_figure(rows, score), key=f"frontier-{score}", name=f"cost_{score}")
    _notes(evaluation, rows, score)
    _table(evaluation, rows, score)
    _differences(evaluation, str(folder), score)
    if SCORES[score].evidence == "curves":
        figures = curve_figures(evaluation)
        for column, figure in zip(st.columns(max(1, len(figures)), gap="large"), figures, strict=True):
            with column:
                chart(figure, key=f"curve-{figure.layout.title.text}")


@st.cache_resource(max_entries=8, show_spinner="Reading the evaluation …")
def _evaluation(folder: str) -> Evaluation:
    names = {info.path.name: info.name for info in resources.checkpoints().values()}
    return load_evaluation(Path(folder)).renamed(names)


@st.cache_data(max_entries=8, show_spinner="Computing intervals …")
def _rows(folder: str) -> list[Row]:
    return _evaluation(folder).rows()


@st.cache_data(max_entries=32, show_spinner="Comparing pairs …")
def _paired(folder: str, against: str) -> list[Row]:
    return _evaluation(folder).differences(against)


def _notes(evaluation: Evaluation, rows: list[Row], score: str) -> None:
    """The protocol, and what a reader must not miss."""
    shown = [row for row in rows if row["score"] == score]
    st.markdown(f":gray[{plain(shown[0]['protocol']['summary'])}]")
    towards = sorted({row["checkpoint"] for row in shown if row["protocol"].get("trained_towards")})
    if towards:
        st.warning(
            plain(
                f"{', '.join(towards)} was trained towards the removal that this score uses (deletion consistency). "
                "Look at other removals too, at the pointing game and at planted truth."
            )
        )
    masked = sorted({row["checkpoint"] for row in shown if row["protocol"].get("trained_with_masked_texts")})
    if masked:
        st.caption(plain(f"Trained with masked texts, so that they are familiar to it: {', '.join(masked)}."))
    weak = [row for row in shown if row["beats_random"] is False]
    if weak:
        names = ", ".join(f"{method_title(row['method'])} on {row['checkpoint']}" for row in weak)
        st.caption(plain(f"Not shown to be better than random scores: {names}."))
    for note in (*evaluation.notes, *_changed(evaluation)):
        st.warning(plain(note), icon=":material/warning:")
    for skipped in evaluation.skipped:
        st.caption(plain(left_out(skipped)))


def _changed(evaluation: Evaluation) -> list[str]:
    """Models whose files are not those that were measured."""
    known = {str(info.path): info for info in resources.checkpoints().values()}
    measured = {one.path: one for one in evaluation.contenders if one.identity}
    return [
        f"The files of {one.checkpoint} have changed since this was measured. Evaluate it again."
        for path, one in measured.items()
        if path in known and resources.identity_of(known[path]) != one.identity
    ]


def _table(evaluation: Evaluation, rows: list[Row], score: str) -> None:
    table = leaderboard_table(rows, score)
    numbers = {name: st.column_config.NumberColumn(format="%.3f") for name in ("mean", "low", "high")}
    passes = {name: st.column_config.NumberColumn(format="%.1f") for name in ("forward passes", "backward passes")}
    st.dataframe(
        table,
        hide_index=True,
        height=min(38 + 35 * len(table), 420),
        column_config={**numbers, **passes, "ms per text": st.column_config.NumberColumn(format="%.0f")},
    )
    against = _against(evaluation)
    with st.container(horizontal=True):
        _download(
            "CSV of all scores",
            csv_file(every_score(rows)),
            f"evaluation_{evaluation.name}.csv",
            "text/csv",
        )
        page = evaluation_html(evaluation, against)
        _download("HTML report", page, f"evaluation_{evaluation.name}.html", "text/html")
        table_files(
            lambda: table.drop(columns=["training", "protocol"]),
            name=f"{score}_{evaluation.name}",
            caption=f"{SCORES[score].title}: means with 95 % intervals. {table['protocol'].iloc[0]}",
            key=f"table-{score}",
            methods=dict.fromkeys(contender.method for contender in evaluation.contenders),
        )


def _differences(evaluation: Evaluation, folder: str, score: str) -> None:
    names = {
        contender.id: f"{method_title(contender.method)} · {contender.checkpoint}"
        for contender in evaluation.contenders
    }
    against = st.selectbox(
        "Paired differences with",
        list(names),
        format_func=lambda id: names[id],
        help="On the same texts; p by a sign-flip test, corrected by Holm over the rows of the table.",
        **url.bound("against", next(iter(names)), parse=url.one_of(names)),
    )
    table = differences_table(_paired(folder, str(against)), score)
    if table.empty:
        return
    columns = {name: st.column_config.NumberColumn(format="%+.3f") for name in ("difference", "low", "high")}
    p_values = {name: st.column_config.NumberColumn(format="%.4f") for name in ("p", "p (Holm)")}
    st.dataframe(table, hide_index=True, height=min(38 + 35 * len(table), 420), column_config={**columns, **p_values})


def _against(evaluation: Evaluation) -> str:
    given = url.read("against")
    known = [contender.id for contender in evaluation.contenders]
    return given if given in known else known[0]


def _download(label: str, data: str | bytes, name: str, mime: str) -> None:
    st.download_button(
        label, data, name, mime, f"download-{label}", type="tertiary", icon=":material/download:", on_click="ignore"
    )
