"""Planted texts under the heat of every method."""

from __future__ import annotations

import streamlit as st

from bcos_core.lab.result import LabExample, LabResult
from bcos_core.render.palette import PALETTES
from bcos_core.render.planted import planted_strips
from pages.widgets import resources, url
from pages.widgets.plain import plain
from pages.widgets.strips import strips


def show_planted(result: LabResult, kinds: dict[str, str]) -> None:
    """The first planted texts of one model, and the way to the comparison; nothing where no heat was kept.

    `kinds` are the models' names for a person, by checkpoint.
    """
    shown = [one for one in result.examples if one.heat]
    models = [name for name in kinds if any(one.checkpoint == name for one in shown)]
    if not models:
        return
    st.header("What each method says of planted texts", anchor=False)
    model = models[0]
    if len(models) > 1:
        model = str(
            st.segmented_control(
                "Model",
                models,
                format_func=kinds.__getitem__,
                required=True,
                **url.bound("heat", models[0], parse=url.one_of(models)),
            )
        )
    st.caption(
        "The planted words, which decide, are in a box; blue words support the answer, orange words speak against it. "
        "Full colour is the largest value of a row. Under each method stands the place of the planted word among all."
    )
    for place, one in enumerate(example for example in shown if example.checkpoint == model):
        _text(one, place)


def _text(example: LabExample, place: int) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            words = ", ".join(f"“{example.text[start:end]}”" for start, end in example.truth)
            st.subheader(plain(f"Text {place + 1}: {words} decides it"), anchor=False, width="content")
            compare_button(example, key=f"compare-{place}")
        strips(planted_strips(example, PALETTES["blue-orange"]), key=f"strips-{example.checkpoint}-{place}")


def compare_button(example: LabExample | None, *, key: str) -> None:
    """To the same text on Compare, under both models."""
    known = resources.checkpoints()
    usable = example is not None and example.checkpoint in known
    help = None if usable else "The model is no longer here." if example is not None else "Choose a row first."
    if st.button("Open in Compare", disabled=not usable, help=help, key=key) and example is not None:
        pair = [example.checkpoint, known[example.checkpoint].twin]
        models = [name for name in pair if name in known]
        st.switch_page("compare/page.py", query_params={"model": models, "text": example.text})
