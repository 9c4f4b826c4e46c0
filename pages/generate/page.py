"""Generate: why this word, and not that one? The page itself is in `pages.generate.continuation`."""

from __future__ import annotations

from pages.widgets.frame import head, loading

head("Generate", "Why did the model write this word, and not that one? Click a word that it has written.")
with loading():
    from pages.generate.continuation import show_continuation
show_continuation()
