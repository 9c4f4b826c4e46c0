"""Train: make a model from a pretrained one and a task. The page itself is in `pages.train.training`."""

from __future__ import annotations

from pages.widgets.frame import head, loading

head("Train", "Make a B-cos model, and its conventional twin, from a pretrained model and your task.")
with loading():
    from pages.train.training import show_training
show_training()
