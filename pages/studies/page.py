"""Studies: ask people which explanation helps. The page is in `pages.studies.overview`."""

from __future__ import annotations

from pages.widgets.frame import head, loading

head(
    "Studies",
    "Ask people: rate, compare and use explanations, blinded, and get statistics that say what they stand on.",
)
with loading():
    from pages.studies.overview import show_studies
show_studies()
