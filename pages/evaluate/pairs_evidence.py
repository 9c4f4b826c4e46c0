"""Which methods find the evidence and foresee strikes: every score as a chart and a table, and paired differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.result import ALL, PairsResult
from bcos_core.minimal_pairs.words import Names, protocol_in_words
from bcos_core.render.methods import method_title
from bcos_core.render.minimal_pairs import Row, difference_table, pairs_table, shown_pairs
from bcos_core.render.pairs_charts import curve_figure, measure_figure, measure_rows
from pages.evaluate.differences import show_differences
from pages.evaluate.pairs_chosen import chosen_contender, chosen_measure, measures_of, pairs_of
from pages.widgets import url
from pages.widgets.chart import chart
from pages.widgets.plain import plain
from pages.widgets.table_files import table_files


def show_evidence(
    result: PairsResult,
    rows: Sequence[Row],
    names: Names,
    paired: Callable[[str], Sequence[Row]],
    curves: Callable[[], Sequence[Row]],
) -> str:
    """The section, and the source whose pairs it is about. `paired` gives every contender's differences with one, by
    its id; `curves` every point of the curves."""
    st.header("Do methods point at what decides, and foresee strikes?", anchor=False)
    source = _choose_source(result)
    measures = measures_of(result, source)
    if all(result.pairs[pair].evidence is None for pair in pairs_of(result, source)):
        st.info(
            "None of these pairs says which word decides, so that nobody can tell which methods point at it. Add a "
            "column “evidence” to the file, or ask with built-in pairs."
        )
    if not measures:
        st.caption("No score that was asked for is defined for these pairs.")
        return source
    measure = str(
        st.segmented_control(
            "Score",
            measures,
            format_func=lambda name: MEASURES[name].title,
            required=True,
            **url.bound("measure", chosen_measure(measures), parse=url.one_of(measures)),
        )
    )
    st.markdown(plain(MEASURES[measure].description))
    shown = measure_rows(rows, measure, source)
    protocol = protocol_in_words(result)
    chart(
        measure_figure(rows, measure, source, names),
        key=f"measure-{measure}",
        name=f"{measure}_{result.name}",
        data=lambda: pairs_table(shown, names, protocol),
    )
    figure = curve_figure(curves(), measure, source, names) if MEASURES[measure].curve else None
    if figure is not None:
        chart(figure, key=f"curve-{measure}", name=f"{measure}_curves_{result.name}")
        st.caption("Bands: 95 % intervals over the pairs, point by point.")
    table = shown_pairs(rows, names, source)
    st.dataframe(table, hide_index=True, height=min(38 + 35 * len(table), 420))
    table_files(
        lambda: pairs_table(rows, names, protocol).drop(columns="protocol"),
        name=f"scores_{result.name}",
        caption=f"Minimal pairs: means with 95 % intervals. {protocol}",
        key="table-measures",
        methods=dict.fromkeys(one.method for one in result.contenders),
    )
    _differences(result, names, paired, measure, source)
    return source


def _choose_source(result: PairsResult) -> str:
    sources = [name for name, _ in result.portions()]
    if len(sources) == 1:
        return sources[0]
    return str(
        st.selectbox(
            "Pairs of",
            sources,
            format_func=lambda name: "All pairs" if name == ALL else name,
            **url.bound("of", sources[0], parse=url.one_of(sources), clears=("pair",)),
        )
    )


def _differences(
    result: PairsResult, names: Names, paired: Callable[[str], Sequence[Row]], measure: str, source: str
) -> None:
    titles = {one.id: f"{method_title(one.method)} · {names[one.checkpoint]}" for one in result.contenders}
    against = str(
        st.selectbox(
            "How far are the others from",
            list(titles),
            format_func=titles.__getitem__,
            help="Differences on the same pairs; p by a sign-flip test, corrected by Holm over the rows of the table.",
            **url.bound("against", chosen_contender(result).id, parse=url.one_of(titles)),
        )
    )
    rows = [row for row in paired(against) if row["measure"] == measure and row["source"] == source]
    if not rows:
        return
    table = difference_table(rows, names).drop(columns=["pairs of", "measure", "minus"])
    table = table.rename(columns={"mean": "difference"})
    show_differences(table)
    table_files(
        lambda: difference_table(rows, names),
        name=f"differences_{measure}_{result.name}",
        caption=f"{MEASURES[measure].title}: paired differences with {titles[against]}, with 95 % intervals.",
        key="table-differences",
    )
