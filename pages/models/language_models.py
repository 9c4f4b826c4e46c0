"""The language models that were trained here: what they are, and how they are asked."""

from __future__ import annotations

import streamlit as st

from bcos_core.evaluate.figures import figure_in_words
from bcos_core.home import get_home
from bcos_core.model.identity import checkpoint_notes
from bcos_core.model.info import CheckpointInfo, list_language_models
from bcos_core.tasks.next_token import NextToken
from pages.widgets.errors import guard
from pages.widgets.plain import plain


def show_language_models() -> None:
    """Each with its figures and the command that asks it; nothing where there are none."""
    models = list_language_models(get_home())
    if not models:
        return
    st.header("Language models", anchor=False)
    for info in models:
        with st.container(border=True), guard():
            st.markdown(f"**{plain(info.name)}**")
            st.caption(plain(_said(info)))
            for note in checkpoint_notes(info):
                st.warning(plain(note), icon=":material/warning:")
            if st.button("Ask by minimal pairs", key=f"pairs-{info.path.name}"):
                st.switch_page("evaluate/page.py", query_params={"view": "pairs", "asked": info.path.name})
            st.code(f'python -m bcos_core explain {info.path.name} --next-token --text "The film is"', language="bash")


def _said(info: CheckpointInfo) -> str:
    kind = f"B-cos, B = {info.b:g}" if info.b is not None else "conventional"
    figures = [
        figure_in_words(metric, info.metrics[metric.name], info.test_size, info.intervals.get(metric.name))
        for metric in NextToken.metrics
        if metric.name in info.metrics
    ]
    return " · ".join([kind, info.family, *figures, *([f"made {info.created_at[:10]}"] if info.created_at else [])])
