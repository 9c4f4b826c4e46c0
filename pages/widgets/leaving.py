"""What is typed last on a page reaches the server before the click that leaves the page (`assets/leaving.js`)."""

from __future__ import annotations

from pages.widgets.component import unseen

_component = unseen("bcos_leaving", "leaving")


def keep_what_was_typed() -> None:
    """On every page: a click on another one waits until the field that it leaves was heard."""
    _component(key="leaving")
