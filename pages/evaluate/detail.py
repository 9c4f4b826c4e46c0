"""The details of one score: leaderboard, costs, protocol, differences between methods, curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from bcos_core.evaluate.between import DO_NOT_COMPARE, is_raw
from bcos_core.evaluate.result import Evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.standing import Standing
from bcos_core.render.methods import method_title
from bcos_core.render.score_matrix import cell_in_words
from bcos_core.render.scoreboard import (
    Row,
    differences_table,
    frontier_figure,
    frontier_in_words,
    leaderboard_figure,
    leaderboard_table,
    people_in_words,
    trained_for,
)
from pages.evaluate.chosen import chosen_contender, chosen_score
from pages.evaluate.curves import show_curves
from pages.evaluate.differences import show_differences
from pages.widgets import url
from pages.widgets.chart import chart
from pages.widgets.plain import plain
from pages.widgets.table_files import table_files


def show_detail(
    evaluation: Evaluation, rows: list[Row], stands: Sequence[Standing], paired: Callable[[str], list[Row]]
) -> None:
    """`paired` gives every contender's differences with one, by its id."""
    score = chosen_score(evaluation)
    st.header(plain(SCORES[score].title), anchor=False)
    if len(evaluation.scores) > 1:
        st.segmented_control(
            "Score",
            list(evaluation.scores),
            format_func=lambda name: SCORES[name].title,
            required=True,
            label_visibility="collapsed",
            **url.bound("shown", score, parse=url.one_of(evaluation.scores)),
        )
    st.markdown(plain(SCORES[score].description))
    chosen = evaluation.contender(chosen_contender(evaluation))
    cell = next(one for one in stands if one.checkpoint == chosen.checkpoint).cells[chosen.method, score]
    st.markdown(f"**{plain(f'{method_title(chosen.method)} · {chosen.checkpoint}:')}** {plain(cell_in_words(cell))}")
    left, right = st.columns([3, 2], gap="large")
    with left:
        chart(leaderboard_figure(rows, score), key=f"board-{score}", data=lambda: leaderboard_table(rows, score))
    with right:
        own = [row for row in rows if row["checkpoint"] == chosen.checkpoint]
        picture = frontier_figure(own, score, named=True)
        chart(frontier_figure(own, score), key=f"frontier-{score}", name=f"cost_{score}", picture=picture)
        st.caption(plain(frontier_in_words(own, score)))
    _notes(rows, score)
    _table(evaluation, rows, score)
    _differences(evaluation, paired, score)
    if SCORES[score].evidence == "curves":
        show_curves(evaluation)


def _notes(rows: list[Row], score: str) -> None:
    """The protocol, and what a reader must not miss."""
    shown = [row for row in rows if row["score"] == score]
    st.markdown(f":gray[{plain(shown[0]['protocol']['summary'])} {plain(trained_for(shown))}]")
    if agreement := people_in_words(shown):
        st.caption(plain(agreement))
    if is_raw(score) and len({row["checkpoint"] for row in shown}) > 1:
        st.caption(plain(DO_NOT_COMPARE))
    towards = sorted({row["checkpoint"] for row in shown if row["protocol"].get("trained_towards")})
    if towards:
        st.warning(
            plain(
                f"{', '.join(towards)} was trained towards the removal that this score uses (deletion consistency). "
                "Look at other removals too, at the pointing game and at planted truth."
            )
        )
    other = sorted({row["checkpoint"] for row in shown if row["protocol"].get("trained_towards_other_removal")})
    if other:
        st.caption(
            plain(f"Trained towards another removal (by the mask token), which was not this one: {', '.join(other)}.")
        )
    masked = sorted({row["checkpoint"] for row in shown if row["protocol"].get("trained_with_masked_texts")})
    if masked:
        st.caption(plain(f"Trained with masked texts, so that they are familiar to it: {', '.join(masked)}."))


def _table(evaluation: Evaluation, rows: list[Row], score: str) -> None:
    table = leaderboard_table(rows, score)
    numbers = {name: st.column_config.NumberColumn(format="%.3f") for name in ("mean", "low", "high", "raw")}
    passes = {name: st.column_config.NumberColumn(format="%.1f") for name in ("forward passes", "backward passes")}
    st.dataframe(
        table,
        hide_index=True,
        placeholder="–",
        height=min(38 + 35 * len(table), 420),
        column_config={**numbers, **passes, "ms per text": st.column_config.NumberColumn(format="%.0f")},
    )
    table_files(
        lambda: table.drop(columns=["trained for", "training", "protocol"]),
        name=f"{score}_{evaluation.name}",
        caption=f"{SCORES[score].title}: means with 95 % intervals. {table['protocol'].iloc[0]}",
        key=f"table-{score}",
        methods=dict.fromkeys(contender.method for contender in evaluation.contenders),
    )


def _differences(evaluation: Evaluation, paired: Callable[[str], list[Row]], score: str) -> None:
    names = {
        contender.id: f"{method_title(contender.method)} · {contender.checkpoint}"
        for contender in evaluation.contenders
    }
    against = st.selectbox(
        "How far are the others from",
        list(names),
        format_func=lambda id: names[id],
        help="Differences on the same texts; p by a sign-flip test, corrected by Holm over the rows of the table.",
        **url.bound("against", chosen_contender(evaluation), parse=url.one_of(names)),
    )
    table = differences_table(paired(str(against)), score)
    if table.empty:
        return
    show_differences(table)
