"""Evaluate: which explanation can be believed? The page itself is in `pages.evaluate.evaluation`."""

from __future__ import annotations

from pages.widgets.frame import head, loading

head("Evaluate", "Which explanation can be believed? Every method is scored on the same texts, beside random scores.")
with loading():
    from pages.evaluate.evaluation import show_evaluation
show_evaluation()
