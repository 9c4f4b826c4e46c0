"""Switches between a few options, kept in the address; and those for how heatmaps are drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import streamlit as st

from bcos_core.render.drawing import PRESENTATIONS, Presentation
from bcos_core.render.palette import PALETTES, Palette
from bcos_core.render.pieces import GRANULARITIES, Granularity
from pages.widgets import url

_GRANULARITY_TITLES = {"word": "Words", "token": "Tokens", "sentence": "Sentences"}
_PRESENTATION_TITLES = {"background": "Coloured words", "bars": "Bars under words"}


def switch(
    label: str,
    name: str,
    titles: dict[str, str],
    help: str | None,
    *,
    labelled: bool = True,
    clears: Iterable[str] = (),
) -> str:
    """One of a few options; the first is the default. `clears` as in `url.bound`."""
    default = next(iter(titles))
    chosen = st.segmented_control(
        label,
        list(titles),
        format_func=titles.__getitem__,
        required=True,
        help=help,
        label_visibility="visible" if labelled else "collapsed",
        **url.bound(name, default, parse=url.one_of(titles), clears=clears),
    )
    return str(chosen or default)


def choose_granularity(first: Granularity = "word") -> Granularity:
    """What has a colour of its own; `first` before anyone chooses."""
    order = (first, *(name for name in GRANULARITIES if name != first))
    titles: dict[str, str] = {name: _GRANULARITY_TITLES[name] for name in order}
    return cast(Granularity, switch("Granularity", "granularity", titles, None, labelled=False))


def choose_marks() -> Presentation:
    titles: dict[str, str] = {name: _PRESENTATION_TITLES[name] for name in PRESENTATIONS}
    return cast(Presentation, switch("Marks", "marks", titles, None))


def choose_palette() -> Palette:
    return PALETTES[switch("Colours", "colours", {name: PALETTES[name].title for name in PALETTES}, None)]
