"""A closed study: what its answers say, and everything that can be taken away."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from bcos_core.access.table import Action
from bcos_core.evaluate.scores import SCORES
from bcos_core.numbers import number, percent
from bcos_core.render.axis import share_axis
from bcos_core.render.dots import add_dot, lay_out
from bcos_core.render.figure_text import figure_text
from bcos_core.render.study_export import export_study
from bcos_core.render.study_report import basis_words
from bcos_core.render.study_tests import result_called, tests_table
from bcos_core.storage.database import Database
from bcos_core.study.analysis import Analysis
from bcos_core.study.invites import Invitations
from bcos_core.study.paragraph import methods_paragraph
from bcos_core.study.plan import PAIR
from bcos_core.study.raters import Raters
from bcos_core.study.results import analyse, closed_loops, findings, read_answers_of, short_titles
from bcos_core.study.statistics.result import Result
from bcos_core.study.studies import Study
from pages.server.roles import database, later_database
from pages.widgets.chart import chart
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.studies import Running, called
from pages.widgets.table_files import table_files

_MOST_BARS = 15
_EXPORT = "Answers, raters and events as CSV and Parquet, codebook, items as records, report as one HTML page."
_COLOURS = ("#12908e", "#c2703d", "#4f7fd1", "#a0629f", "#b3923b", "#6f8f3f")


def study_results(study: Study, running: Running) -> None:
    """Every analysis with its picture, tables, assumptions and numbers of raters and items."""
    answered = read_answers_of(database(), study.id, running.locked)
    if study.simulated:
        truth = " ".join(invite.note for invite in Invitations(database()).list(study.id)[:1])
        st.warning(
            plain(f"These raters are simulated. Nobody has said any of this. {truth}"), icon=":material/smart_toy:"
        )
    if not len(answered.counted):
        st.info("There are no answers that count, so there is nothing to say.")
    names = short_titles(running.locked, called())
    analyses = analyse(answered, running.locked) if len(answered.counted) else []
    for place, sentence in enumerate(findings(analyses, running.locked, called()) if analyses else ()):
        # Not a heading: the sentence is what a reader came for, and what follows belongs to all of them.
        st.markdown(f"{plain(analyses[place].title)} {plain(sentence)}" if place else f"**{plain(sentence)}**")
    _tests(analyses, names)
    panel_ids, later = _panel_ids(study), later_database()
    offer(
        st.download_button,
        "Download everything",
        Action.EXPORT_STUDY,
        data=lambda: _archive(later(), study, panel_ids=panel_ids),
        file_name=f"study_{study.id[:8]}.zip",
        mime="application/zip",
        owner=study.owner,
        of=study.id,
        on_click="ignore",
        icon=":material/download:",
        type="primary",
        help=_EXPORT,
    )
    for analysis in analyses:
        st.header(plain(analysis.title), anchor=False)
        _means(analysis, names)
        _distribution(analysis, names)
        for result in analysis.results:
            _result(result_called(result, names))
        _loops(closed_loops(analysis, running.locked))
    st.header("For the paper", anchor=False)
    st.code(methods_paragraph(study, running.locked, answered, called()), language=None, wrap_lines=True)


def _panel_ids(study: Study) -> bool:
    """Whether the raters' ids at their panel are wanted in the download; and a way to erase them."""
    if not any(rater.panel_id for rater in Raters(database()).of(study.id)):
        return False
    with st.container(horizontal=True, vertical_alignment="center"):
        wanted = st.checkbox("With the raters’ ids at the panel, which are personal data", key=f"panel-ids-{study.id}")
        with st.popover("Erase the ids", type="tertiary", icon=":material/person_off:"):
            st.markdown("When everybody is paid, nobody needs them any more. They cannot be had back.")
            if offer(st.button, "Erase them", Action.EXCLUDE_RATER, owner=study.owner):
                Raters(database()).forget_panel(study.id)
                st.rerun()
    return wanted


def _tests(analyses: Sequence[Analysis], names: Mapping[str, str]) -> None:
    """Every test in one table; what each assumes stands below, with its analysis."""
    table = tests_table(analyses, names)
    if table.empty:
        return
    st.dataframe(
        table if len(analyses) > 1 else table.drop(columns="question"),
        hide_index=True,
        placeholder="–",
        column_config={
            name: st.column_config.NumberColumn(format="%.3g") for name in ("value", "low", "high", "p", "p (Holm)")
        },
    )
    table_files(lambda: table, name="tests", caption="Every test, with 95 % intervals.", key="tests-files")


def _means(analysis: Analysis, names: Mapping[str, str]) -> None:
    """The first result: one dot with its interval for each condition."""
    first = analysis.results[0]
    shown = [one for one in first.quantities if one.value is not None]
    if first.undefined or not shown:
        return
    figure = go.Figure()
    for place, one in enumerate(reversed(shown)):
        row = {"mean": one.value, "low": one.low, "high": one.high, "n": first.basis.answers}
        add_dot(
            figure,
            row,
            label=figure_text(names.get(one.name, one.name)),
            colour=_COLOURS[(len(shown) - 1 - place) % len(_COLOURS)],
            symbol="circle",
        )
    lay_out(figure, f"{first.test}, 95 % intervals", "", len(shown))
    if analysis.scale and {one.name for one in shown} <= set(analysis.values["condition"]):  # means of the answers
        ends = min(analysis.scale), max(analysis.scale)
        room = 0.03 * (ends[1] - ends[0])
        figure.update_xaxes(range=[ends[0] - room, ends[1] + room], tickvals=list(analysis.scale))
    chart(figure, key=f"means-{analysis.title}")


def _distribution(analysis: Analysis, names: Mapping[str, str]) -> None:
    """How often each answer was given, under each condition."""
    values = analysis.values
    points = list(analysis.scale) or sorted(values["value"].unique())
    if not len(values) or len(points) > _MOST_BARS:
        return
    # Points that nobody has chosen are part of the scale.
    table = pd.crosstab(values["condition"], values["value"], normalize="index").reindex(columns=points, fill_value=0.0)
    figure = go.Figure()
    for place, (title, row) in enumerate(table.iterrows()):
        condition = " and ".join(names.get(one, one) for one in str(title).split(PAIR))
        figure.add_bar(
            name=figure_text(condition),
            y=[_point(value, analysis.scale) for value in row.index],
            x=list(row),
            orientation="h",  # so that the points' names have room at any width
            marker={"color": _COLOURS[place % len(_COLOURS)]},
            customdata=[percent(share) for share in row],
            hovertemplate=f"{figure_text(condition)}: %{{customdata}} answered %{{y}}<extra></extra>",
        )
    figure.update_layout(
        title={"text": "Answers under each condition", "font": {"size": 14}, "x": 0, "xanchor": "left"},
        xaxis={"title": {"text": "share of answers"}, **share_axis()},
        yaxis={"autorange": "reversed", "automargin": True},
        height=140 + len(points) * (14 * len(table) + 10) + 20 * len(table),
        margin={"l": 8, "r": 8, "t": 44, "b": 72 + 20 * len(table)},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "traceorder": "normal"},
    )
    chart(figure, key=f"answers-{analysis.title}", name=f"answers_{analysis.title}")


def _point(value: float, scale: Mapping[float, str]) -> str:
    """A point of the scale, with what it means."""
    return figure_text(f"{value:g} · {scale[value]}" if scale.get(value) else f"{value:g}")


def _result(result: Result) -> None:
    p = f" · p {number(result.p)}" if result.p is not None else ""
    with st.expander(plain(f"{result.test}{p}")):
        st.caption(plain(f"{basis_words(result.basis)}. {result.assumes}"))
        if result.undefined:
            st.markdown(plain(f"Not defined. {result.undefined}"))
            return
        st.dataframe(
            pd.DataFrame(
                [
                    {
                        "": one.name,
                        "value": one.value,
                        "low": one.low,
                        "high": one.high,
                        "p": one.p,
                        "p (Holm)": one.corrected_p,
                        "note": one.undefined,
                    }
                    for one in result.quantities
                ]
            ),
            hide_index=True,
            placeholder="–",
            column_config={
                name: st.column_config.NumberColumn(format="%.3g") for name in ("value", "low", "high", "p", "p (Holm)")
            },
        )
        for note in result.notes:
            st.caption(plain(note))


def _loops(loops: dict[str, Result]) -> None:
    """Does an automatic score say what people say about the same explanations?"""
    if not loops:
        return
    with st.expander("The closed loop: automatic scores against these answers"):
        first = next(iter(loops.values()))
        st.caption(plain(first.assumes))
        rows = []
        for score, result in loops.items():
            for one in result.quantities:
                values = {"value": one.value, "low": one.low, "high": one.high}
                rows.append({"score": SCORES[score].title, "correlation": one.name, **values, "note": one.undefined})
            if result.undefined:
                rows.append({"score": SCORES[score].title, "correlation": "–", "note": result.undefined})
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            placeholder="–",
            column_config={name: st.column_config.NumberColumn(format="%.2f") for name in ("value", "low", "high")},
        )


def _archive(database: Database, study: Study, *, panel_ids: bool) -> bytes:
    packed = io.BytesIO()
    with TemporaryDirectory() as folder, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in export_study(database, study.id, Path(folder), panel_ids=panel_ids, models=called()):
            archive.write(file, file.name)
    return packed.getvalue()
