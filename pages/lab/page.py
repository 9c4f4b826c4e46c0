"""Lab: where the truth is known, a wrong explanation is visible as wrong. The page is in `pages.lab.experiments`."""

from __future__ import annotations

from pages.widgets.frame import head, loading

head("Lab", "Plant a shortcut in the training data. Then the right explanation is known, and a wrong one is visible.")
with loading():
    from pages.lab.experiments import show_lab
show_lab()
