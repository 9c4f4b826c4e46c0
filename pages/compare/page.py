"""Compare: why did the model say that? The page itself is in `pages.compare.comparison`."""

from __future__ import annotations

from pages.widgets.frame import head, loading

head("Compare", "Why did the model say that? The same text and the same question, one panel per model and method.")
with loading():
    from pages.compare.comparison import show_comparison
show_comparison()
