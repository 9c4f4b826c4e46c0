"""Studies: ask people which explanation helps. The page is in `pages.shared.studies_view`."""

from __future__ import annotations

from pages.shared.page import head, loading

head(
    "Studies",
    "Ask people: rate, compare and use explanations, blinded, and get statistics that say what they stand on.",
)
with loading():
    from pages.shared.studies_view import show_studies
show_studies()
