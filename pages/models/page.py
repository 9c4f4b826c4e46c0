"""Models: what was trained, how, and what conversion has changed. The page itself is in `pages.models.checkpoints`."""

from __future__ import annotations

from pages.widgets.frame import head, loading

head("Models", "What was trained, how, and what the conversion has changed.")
with loading():
    from pages.models.checkpoints import show_models
show_models()
