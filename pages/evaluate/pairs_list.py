"""The pairs themselves: a table that is filtered, sorted and searched; a click on a row shows its heatmaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.result import Contender, PairsResult, Speaker
from bcos_core.minimal_pairs.spec import PairsSpec
from bcos_core.minimal_pairs.words import FIRST, Names
from bcos_core.numbers import count
from bcos_core.render.methods import method_title
from pages.evaluate.one_pair import show_pair
from pages.evaluate.pairs_chosen import chosen_contender, chosen_measure, measures_of, pairs_of
from pages.widgets import url
from pages.widgets.missing import missing_in_link
from pages.widgets.plain import plain

FILTERS = {"all": "All", "right": "Right", "wrong": "Wrong", "missed": "Evidence missed", "disagree": "Models disagree"}
ORDERS = {
    "file": "In their own order",
    "unsure": "Least sure first",
    "wrong": "Furthest on the wrong side first",
    "missed": "Evidence furthest down first",
}
MOST_ROWS = 5_000
_HEIGHT = 390
_EVIDENCE = ("missed",)
"""Of filters and orders those that need marked evidence."""


def show_list(result: PairsResult, spec: PairsSpec, names: Names, source: str) -> None:
    """The pairs of one source, and below them the chosen one."""
    st.header("The pairs", anchor=False)
    contender = chosen_contender(result)
    pairs = pairs_of(result, source)
    everything = [name for one in result.sources for name in one.pairs if name in pairs]
    found = _arranged(result, contender, _choose(result, names, contender, list(dict.fromkeys(everything))))
    missing_in_link("pair", result.pairs)
    chosen = url.read("pair")
    if chosen not in result.pairs:
        chosen = next(iter(found), "")
    if found:
        _table(result, names, contender, found, chosen, measures_of(result, source))
    else:
        st.caption("No pair fits these filters.")
    if chosen:
        _steps(found, chosen)
        show_pair(result, spec, names, chosen)


def _choose(result: PairsResult, names: Names, contender: Contender, pairs: Sequence[str]) -> list[str]:
    """The pairs that the filters keep."""
    offered = [name for name in FILTERS if _offered(result, contender, name)]
    first = result.speakers[0]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = st.segmented_control(
            "Filter",
            offered,
            format_func=FILTERS.__getitem__,
            required=True,
            wrap=True,
            help=f"Right and wrong are the words that {plain(names[first.checkpoint])} prefers. Evidence is missed "
            f"where {plain(method_title(contender.method))} does not put it first; that method is chosen above.",
            **url.bound("filter", "all", parse=url.one_of(offered), clears=("pair",)),
        )
        word = st.text_input("Text contains", width=220, **url.bound("search", "", clears=("pair",)))
        orders = [name for name in ORDERS if _offered(result, contender, name)]
        st.selectbox(
            "Sorted",
            orders,
            format_func=ORDERS.__getitem__,
            width=260,
            **url.bound("order", "file", parse=url.one_of(orders), clears=("pair",)),
        )
    looked_for = (word or "").casefold().strip()
    return [
        name
        for name in pairs
        if looked_for in " ".join(result.pairs[name].texts).casefold() and _fits(result, contender, name, str(kind))
    ]


def _offered(result: PairsResult, contender: Contender, name: str) -> bool:
    if name == "disagree":
        return len(result.speakers) > 1
    return name not in _EVIDENCE or bool(contender.values.get(FIRST))


def _fits(result: PairsResult, contender: Contender, pair: str, kind: str) -> bool:
    differences = [one.differences[pair] for one in result.speakers if pair in one.differences]
    if kind in ("right", "wrong"):
        own = result.speakers[0].differences.get(pair)
        return own is not None and (own > 0 if kind == "right" else own < 0)
    if kind == "missed":
        return contender.values[FIRST].get(pair, 1.0) < 1.0
    return kind == "all" or len({one > 0 for one in differences}) > 1


def _arranged(result: PairsResult, contender: Contender, pairs: Sequence[str]) -> list[str]:
    order, last = url.read("order"), float("inf")
    own = result.speakers[0].differences
    if order == "unsure":
        return sorted(pairs, key=lambda pair: abs(own.get(pair, last)))
    if order == "wrong":
        return sorted(pairs, key=lambda pair: own.get(pair, last))
    if order == "missed" and FIRST in contender.values:
        return sorted(pairs, key=lambda pair: contender.values[FIRST].get(pair, last))
    return list(pairs)


def _table(
    result: PairsResult, names: Names, contender: Contender, found: list[str], chosen: str, measures: Sequence[str]
) -> None:
    shown = found[:MOST_ROWS]
    frame, config = _frame(result, names, contender, shown, chosen, chosen_measure(measures) if measures else None)
    key = f"pairs-table-{result.name}-{len(found)}-{shown[0]}-{shown[-1]}"

    def clicked() -> None:
        rows = st.session_state[key].selection.rows
        if rows:
            url.write(pair=shown[rows[0]])

    st.dataframe(
        frame,
        hide_index=True,
        height=min(_HEIGHT, 38 + 35 * len(frame)),
        column_config=config,
        key=key,
        on_select=clicked,
        selection_mode="single-row",
        placeholder="–",
        alt="The pairs: the text before the word, both words, the evidence, what models and methods make of them.",
    )
    if len(found) > len(shown):
        st.caption(f"The first {len(shown):,} of {count(len(found), 'pair')}. Search or filter to see others.")


def _frame(
    result: PairsResult,
    names: Names,
    contender: Contender,
    shown: Sequence[str],
    chosen: str,
    measure: str | None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    pairs = [result.pairs[name] for name in shown]
    columns: dict[str, list[Any]] = {
        "shown": ["▸" if name == chosen else "" for name in shown],
        "prefix": [pair.prefix for pair in pairs],
        "right": [pair.good.strip() for pair in pairs],
        "wrong": [pair.bad.strip() for pair in pairs],
        "evidence": [pair.evidence_word for pair in pairs],
    }
    config: dict[str, Any] = {
        "shown": st.column_config.TextColumn("", width=28, help="The pair that is shown below."),
        "prefix": st.column_config.TextColumn("Text before it", width=300),
        "right": st.column_config.TextColumn("Right word"),
        "wrong": st.column_config.TextColumn("Wrong word"),
        "evidence": st.column_config.TextColumn("Evidence", help="The word that decides."),
    }
    for place, speaker in enumerate(result.speakers):
        name = names[speaker.checkpoint]
        columns[f"prefers {place}"] = [_preferred(speaker, pair) for pair in shown]
        columns[f"by {place}"] = [speaker.differences.get(pair) for pair in shown]
        config[f"prefers {place}"] = st.column_config.TextColumn(name, help=f"Which word {plain(name)} prefers.")
        config[f"by {place}"] = st.column_config.NumberColumn(
            "By", format="%+.2f", help="Logit of the right word minus that of the wrong one."
        )
        if measure is None or (one := _counterpart(result, contender, speaker)) is None:
            continue
        title, share = MEASURES[measure].title, MEASURES[measure].share
        values = [one.values[measure].get(pair) for pair in shown]
        columns[f"score {place}"] = [None if value is None else 100 * value for value in values] if share else values
        config[f"score {place}"] = st.column_config.NumberColumn(
            title,
            format="%.1f %%" if share else "%.3f",
            help=f"{plain(title)} by {plain(method_title(one.method))} on {plain(name)}.",
        )
    return pd.DataFrame(columns), config


def _preferred(speaker: Speaker, pair: str) -> str | None:
    difference = speaker.differences.get(pair)
    return None if difference is None else "right" if difference > 0 else "wrong" if difference < 0 else "neither"


def _counterpart(result: PairsResult, contender: Contender, speaker: Speaker) -> Contender | None:
    """The chosen method on this model; where it is another model's own sum, this one's."""
    other = next(one for one in result.speakers if one.checkpoint == contender.checkpoint)
    name = speaker.own if contender.method == other.own else contender.method
    found = (one for one in result.contenders if (one.checkpoint, one.method) == (speaker.checkpoint, name))
    return next(found, None)


def _steps(found: Sequence[str], chosen: str) -> None:
    """Previous and next among the pairs that the filters keep; the arrow keys do the same."""
    place = found.index(chosen) if chosen in found else None
    before = None if not place else found[place - 1]
    after = next(iter(found if place is None else found[place + 1 :]), None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for label, key, other in (("Previous", "Left", before), ("Next", "Right", after)):
            st.button(
                label,
                key=f"step-{label}",
                shortcut=key,
                disabled=other is None,
                on_click=url.write,
                kwargs={"pair": other},
            )
        said = f"Not among these {count(len(found), 'pair')}"
        st.caption(said if place is None else f"No. {place + 1:,} of {count(len(found), 'pair')}", width="content")
