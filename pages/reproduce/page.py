"""Reproduce: figures that are claimed, measured again. The page itself is in `pages.reproduce.runs`."""

from __future__ import annotations

from pages.widgets.frame import head, loading

head(
    "Reproduce",
    "Measure again what is claimed, with one click: tables with intervals, and what changed since last time.",
)
with loading():
    from pages.reproduce.runs import show_runs
show_runs()
