"""Batch: many texts at once. The page itself is in `pages.batch.batches`."""

from __future__ import annotations

from pages.widgets.frame import head, loading

head("Batch", "Many texts at once: what a model answers to each, and why.")
with loading():
    from pages.batch.batches import show_batches
show_batches()
