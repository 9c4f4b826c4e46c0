"""Ablation: which options of a recipe make a difference. The page is in `pages.ablation.ablations`."""

from __future__ import annotations

from pages.widgets.frame import head, loading

head("Ablation", "Vary options of a recipe, train each with several seeds, and see which of them make a difference.")
with loading():
    from pages.ablation.ablations import show_ablations
show_ablations()
