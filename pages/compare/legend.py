"""What the colours of all panels mean, said once above them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bcos_core.attribution.record import Target
from bcos_core.errors import BcosError
from bcos_core.render.drawing import shared_legend
from bcos_core.tasks.registry import TASK_TYPES
from pages.compare.screen import Screen
from pages.widgets.component import component
from pages.widgets.frame import fragment

_component = component("bcos_legend", '<div class="legends" role="group" aria-label="Legend"></div>', "legend")
OWN = "Full colour: the largest value of each heatmap."
SHARED = "A colour is the same contribution in every heatmap of an additive method; others have their own scale."


def legend(screen: Screen) -> None:
    """A strip for the methods that have a direction, one for those that have none; under a shared scale with its
    numbers, which are known when all panels are."""
    if screen.shared_scale and any(cell.method.additive for cell in screen.cells):
        _numbered(screen)
    else:
        _draw(_strips(screen), OWN, screen)


@fragment(parallel=True)
def _numbered(screen: Screen) -> None:
    place = st.empty()
    with place:
        _draw(_strips(screen), SHARED, screen)
    try:
        strips = _strips(screen, numbered=True)
    except BcosError:  # a panel shows it
        return
    with place:
        _draw(strips, SHARED, screen)


def _strips(screen: Screen, *, numbered: bool = False) -> list[dict[str, Any]]:
    target = Target(0, screen.target, minus_label=screen.minus).title
    first = next((cell for cell in screen.cells if cell.method.additive and not screen.missing_class(cell.model)), None)
    scale = screen.scale(first) if numbered and first else None
    kind = TASK_TYPES[screen.models[0].task_type]
    kinds = dict.fromkeys(cell.method.signed for cell in screen.cells)
    return [
        shared_legend(target, kind, screen.style, scale if signed else None, signed=signed)
        for signed in sorted(kinds, reverse=True)
    ]


def _draw(strips: list[dict[str, Any]], rule: str, screen: Screen) -> None:
    _component(data={"strips": strips, "rule": rule, "presentation": screen.style.presentation})
