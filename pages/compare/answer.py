"""The head of a model's column: its name, and its answer to the text, once for all methods below it."""

from __future__ import annotations

import streamlit as st

from bcos_core.home import CHECKOUT
from bcos_core.model.info import CheckpointInfo
from bcos_core.render.drawing import answer_bars
from bcos_core.tasks.registry import TASK_TYPES
from pages.compare.screen import Screen
from pages.widgets import resources
from pages.widgets.errors import guard

_SHOWN = 3
_ASSETS = CHECKOUT / "assets"
_component = st.components.v2.component(
    "bcos_answer",
    html='<section class="answer"></section>',
    css=(_ASSETS / "answer.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "answer.js").read_text(encoding="utf-8"),
)


def answer(screen: Screen, model: CheckpointInfo) -> None:
    """Of many classes the likeliest ones, and those that are explained; a panel's details have all."""
    with guard():
        (given,) = resources.predictions(model, (screen.text,))
        asked = (screen.target, screen.minus)
        bars = answer_bars(given, model.labels, TASK_TYPES[model.task_type], asked)
        likeliest = sorted(bars, key=lambda bar: -bar["share"])[:_SHOWN]
        shown = [bar for bar in bars if bar in likeliest or bar["explained"]]
        _component(
            data={
                "model": model.name,
                "bars": shown,
                "more": len(bars) - len(shown),
                "score": not given.probabilities,
            }
        )
