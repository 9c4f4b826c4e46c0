"""A text under the heat of several methods, one below the other, as a Streamlit component."""

from __future__ import annotations

from typing import Any

from pages.widgets.component import component

_component = component("bcos_strips", '<dl class="strips"></dl>', "strips")


def strips(rows: list[dict[str, Any]], *, key: str) -> None:
    """A row for each method: `method`, `chance`, `found` (how it fares with what decides, in words) and the text as
    `runs` (`bcos_core.render.strips`)."""
    _component(key=key, data={"rows": rows})
