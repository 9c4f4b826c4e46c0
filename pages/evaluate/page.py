"""Evaluate: which explanation can be believed? The page itself is in `pages.evaluate.evaluation`; of the tests of what
heatmaps depend on in `pages.evaluate.trust`, of minimal pairs in `pages.evaluate.pairs`."""

from __future__ import annotations

import streamlit as st

from pages.widgets import url
from pages.widgets.frame import head, loading

VIEWS = {"scores": "Scores", "trust": "Trust tests", "pairs": "Minimal pairs"}
# What names a run in a link, and the view that shows it.
RUNS = {"trust": "trust", "minimal-pairs": "pairs"}

head("Evaluate", "Which explanation can be believed? Every method is scored on the same texts, beside random scores.")
view = st.segmented_control(
    "What to look at",
    list(VIEWS),
    format_func=VIEWS.__getitem__,
    required=True,
    label_visibility="collapsed",
    **url.bound(
        "view", next((RUNS[name] for name in RUNS if url.read(name)), "scores"), parse=url.one_of(VIEWS), clears=RUNS
    ),
)
with loading():
    from pages.evaluate.evaluation import show_evaluation
    from pages.evaluate.pairs import show_pairs
    from pages.evaluate.trust import show_trust
if view == "trust":
    show_trust()
elif view == "pairs":
    show_pairs()
else:
    show_evaluation()
