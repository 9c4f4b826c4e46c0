"""The head of a model's column: its name, and its answer to the text, once for all methods below it."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bcos_core.model.info import CheckpointInfo
from bcos_core.render import drawing
from bcos_core.tasks.registry import TASK_TYPES
from pages.compare.changes import is_drawn, longest_change, real_change, scale_name
from pages.compare.screen import Screen
from pages.compare.strikes import HEADS
from pages.widgets import resources
from pages.widgets.component import component
from pages.widgets.errors import guard
from pages.widgets.frame import fragment
from pages.widgets.struck import struck_spans

_SHOWN = 3
_component = component("bcos_answer", '<section class="answer"></section>', "answer")


@fragment(parallel=True, key=HEADS)
def answer(screen: Screen, model: CheckpointInfo) -> None:
    """The answer is there at once, the real change of struck words as soon as it is known, and with the last panel the
    scale of the changes."""
    place = st.empty()
    with guard():
        said = _answer(screen, model)
        spans = struck_spans(len(screen.text))
        known = all(is_drawn(screen, cell) for cell in screen.cells_of(model))
        if not (spans and known):
            _draw(place, said)
        if not spans:
            return
        said["change"] = real_change(screen, model, spans)
        if not known:
            _draw(place, said)
        _draw(place, {**said, "longest": longest_change(screen, model, spans)})


def _answer(screen: Screen, model: CheckpointInfo) -> dict[str, Any]:
    """Of many classes the likeliest ones, and those that are explained; a panel's details have all. And what of the
    text the model does not read."""
    (given,) = resources.predictions(model, (screen.text,))
    asked = (screen.target, screen.minus)
    bars = drawing.answer_bars(given, model.labels, TASK_TYPES[model.task_type], asked)
    likeliest = sorted(bars, key=lambda bar: -bar["share"])[:_SHOWN]
    shown = [bar for bar in bars if bar in likeliest or bar["answers"] or bar["explained"]]
    cut = drawing.cut_note(screen.text, resources.encoded(model, screen.text).unread)
    return {
        "model": model.name,
        "bars": shown,
        "more": len(bars) - len(shown),
        "score": not given.probabilities,
        "notes": [cut] if cut else [],
        "change": None,
        "longest": None,
        "scale": scale_name(screen, model),
    }


def _draw(place: DeltaGenerator, said: dict[str, Any]) -> None:
    with place:
        _component(data=said)
