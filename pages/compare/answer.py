"""The head of a model's column: its name, and its answer to the text, once for all methods below it."""

from __future__ import annotations

import streamlit as st

from bcos_core.home import CHECKOUT
from bcos_core.model.info import CheckpointInfo
from bcos_core.render import drawing
from bcos_core.tasks.registry import TASK_TYPES
from pages.compare.screen import Screen
from pages.compare.strikes import HEADS
from pages.widgets import resources
from pages.widgets.errors import guard
from pages.widgets.frame import fragment
from pages.widgets.struck import struck_spans

_SHOWN = 3
_ASSETS = CHECKOUT / "assets"
_component = st.components.v2.component(
    "bcos_answer",
    html='<section class="answer"></section>',
    css=(_ASSETS / "answer.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "answer.js").read_text(encoding="utf-8"),
)


@fragment(parallel=True, key=HEADS)
def answer(screen: Screen, model: CheckpointInfo) -> None:
    """Of many classes the likeliest ones, and those that are explained; a panel's details have all. Then what is true
    of the whole column: what of the text the model does not read, and what striking words out really does."""
    with guard():
        (given,) = resources.predictions(model, (screen.text,))
        asked = (screen.target, screen.minus)
        bars = drawing.answer_bars(given, model.labels, TASK_TYPES[model.task_type], asked)
        likeliest = sorted(bars, key=lambda bar: -bar["share"])[:_SHOWN]
        shown = [bar for bar in bars if bar in likeliest or bar["answers"] or bar["explained"]]
        cut = drawing.cut_note(screen.text, resources.encoded(model, screen.text).unread)
        _component(
            data={
                "model": model.name,
                "bars": shown,
                "more": len(bars) - len(shown),
                "score": not given.probabilities,
                "notes": [note for note in (cut, _real_change(screen, model)) if note],
            }
        )


def _real_change(screen: Screen, model: CheckpointInfo) -> str | None:
    """What striking the words out really does to the explained number: the same for all methods that replace them by
    the same token. Where they do not, each row says its own."""
    spans = struck_spans(len(screen.text))
    if not spans or screen.missing_class(model) or screen.differences():
        return None
    cell = next((cell for cell in screen.cheapest_first() if cell.model == model), None)
    record = screen.record(cell) if cell else None
    if record is None or record.failed:
        return None
    result = resources.struck(model, record, spans)
    return drawing.real_change(
        record, actual=result.actual_change, logit=result.logit, probabilities=result.probabilities
    )
