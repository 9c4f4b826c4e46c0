"""A page that has gone blank comes back by itself (`assets/blank.js`)."""

from __future__ import annotations

from pages.widgets.component import unseen

_component = unseen("bcos_blank", "blank")


def come_back() -> None:
    """On every page of the dashboard: Streamlit's browser part has ways to fail as a whole that no page can prevent,
    most of them where a machine is busy and one run of a page overtakes another."""
    _component(key="blank", height=0)
