"""Rate: what a rater sees, and nothing else. The page is in `pages.shared.rating`."""

from __future__ import annotations

from pages.shared.rating import show_rating

show_rating()
