"""Evaluate: which explanation can be believed? The page itself is in `pages.evaluate.evaluation` and, of the tests of
what heatmaps depend on, in `pages.evaluate.trust`."""

from __future__ import annotations

import streamlit as st

from pages.widgets import url
from pages.widgets.frame import head, loading

VIEWS = {"scores": "Scores", "trust": "Trust tests"}

head("Evaluate", "Which explanation can be believed? Every method is scored on the same texts, beside random scores.")
view = st.segmented_control(
    "What to look at",
    list(VIEWS),
    format_func=VIEWS.__getitem__,
    required=True,
    label_visibility="collapsed",
    **url.bound("view", "trust" if url.read("trust") else "scores", parse=url.one_of(VIEWS), clears=("trust",)),
)
with loading():
    from pages.evaluate.evaluation import show_evaluation
    from pages.evaluate.trust import show_trust
if view == "trust":
    show_trust()
else:
    show_evaluation()
