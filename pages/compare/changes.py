"""What striking words out does: to a model really, and by each method's heatmap; on one scale for each model.

The real change is the model's, not a method's: the head of its column says it once. Only where methods replace words by
different tokens has each its own, beside what it predicts.
"""

from __future__ import annotations

import streamlit as st

from bcos_core.attribution.references import tokens_of
from bcos_core.attribution.strike import StrikeResult, replacement
from bcos_core.errors import BcosError
from bcos_core.model.info import CheckpointInfo
from bcos_core.numbers import number
from bcos_core.render.drawing import before_and_after
from pages.compare.screen import Cell, Screen
from pages.widgets import resources

Spans = tuple[tuple[int, int], ...]


def change_of(screen: Screen, cell: Cell, spans: Spans) -> StrikeResult | None:
    """What striking the words at `spans` out does; None where nothing is struck, or the cell's panel failed.

    Raises:
        BcosError: the panel cannot be computed.
    """
    record = screen.record(cell)
    return resources.struck(cell.model, record, spans) if spans and not record.failed else None


def real_change(screen: Screen, model: CheckpointInfo, spans: Spans) -> dict[str, str] | None:
    """The change that is the same for every method on the model; None where there is none such. It is known with the
    first panel."""
    if not spans or not one_real_change(screen, model):
        return None
    for cell in screen.cells_of(model):
        try:
            change = change_of(screen, cell, spans)
        except BcosError:  # its panel shows it
            continue
        if change is not None:
            said = before_and_after(screen.record(cell), change)
            return {
                "text": f"Real change: {number(change.actual_change, signed=True)}",
                "tip": f"The model was asked without the struck words. {said}",
            }
    return None


def longest_change(screen: Screen, model: CheckpointInfo, spans: Spans) -> float:
    """What the whole length of a bar is in the model's column: the largest change in it, predicted or real. It waits
    for all panels of the model."""
    longest = 0.0
    for cell in screen.cells_of(model):
        try:
            change = change_of(screen, cell, spans)
        except BcosError:
            continue
        if change is not None:
            longest = max(longest, abs(change.predicted_change or 0.0), abs(change.actual_change))
    return longest


def one_real_change(screen: Screen, model: CheckpointInfo) -> bool:
    """Whether all methods on the model put the same token in the place of a struck one."""
    tokens = tokens_of(resources.classifier(model).tokenizer)
    references = {
        replacement(cell.method.checked_reference(cell.method.fitting_reference(screen.reference), tokens), tokens)
        for cell in screen.cells_of(model)
    }
    return len(references) <= 1


def scale_name(screen: Screen, model: CheckpointInfo) -> str:
    """The variable of the page's style that says how much the whole length of a bar is in the model's column."""
    return f"--longest-change-{screen.models.index(model)}"


def is_drawn(screen: Screen, cell: Cell) -> bool:
    """Whether the panel was drawn before, so that it is known at once."""
    return bool(st.session_state.get(f"drawn-{cell.key}") == (screen.text, screen.asked(cell)))


def keep_drawn(screen: Screen, cell: Cell) -> None:
    st.session_state[f"drawn-{cell.key}"] = (screen.text, screen.asked(cell))
