"""Models: what was trained, how, and what conversion has changed. The page itself is in `pages.shared.model_view`."""

from __future__ import annotations

from pages.shared.page import head, loading

head("Models", "What was trained, how, and what the conversion has changed.")
with loading():
    from pages.shared.model_view import show_models
show_models()
