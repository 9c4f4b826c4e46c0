"""The deletion and insertion curves of an evaluation under one legend, in which methods are switched on and off."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from bcos_core.evaluate.result import Evaluation
from bcos_core.render.removal_curves import curve_figures, curve_legend, p_in_words, with_legend
from pages.widgets import url
from pages.widgets.chart import chart
from pages.widgets.component import component
from pages.widgets.heard import Word, heard
from pages.widgets.plain import plain

_component = component("bcos_curves_legend", '<ul class="legend"></ul>', "curves_legend")


def show_curves(evaluation: Evaluation) -> None:
    """Both charts, and the legend of both; nothing where no curve was measured."""
    hidden = frozenset(url.read_all("hidden"))
    entries = curve_legend(evaluation, hidden)
    if not entries:
        return
    st.subheader("Curves", anchor=False)
    st.markdown(plain(p_in_words(evaluation)))
    legend(entries, key="curves-legend", on_switch=partial(_switch, hidden))
    figures = curve_figures(evaluation, hidden)
    if not figures:
        st.caption("Every method is switched off.")
        return
    for column, (name, figure) in zip(st.columns(len(figures), gap="large"), figures.items(), strict=True):
        with column:
            chart(figure, key=f"curve-{name}", name=f"{name}_curves", picture=with_legend(figure))


def legend(entries: list[dict[str, Any]], *, key: str, on_switch: Any) -> None:
    """Lines with their names as switches; `on_switch` gets the id of the one that was clicked."""

    def switched() -> None:
        entry = heard(st.session_state[key], "switch", Word)
        if entry:
            on_switch(entry)

    _component(key=key, data={"entries": entries}, on_switch_change=switched)


def _switch(hidden: frozenset[str], contender: str) -> None:
    """The address holds what is switched off, so that a link shows the same lines."""
    url.write(hidden=sorted(hidden ^ {contender}) or None)
