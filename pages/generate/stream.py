"""The prompt and what the model has written after it, as it comes; then each token is a button."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bcos_core.model.generate import Written
from bcos_core.numbers import number, probability
from bcos_core.text.prompt import BETWEEN
from bcos_core.text.token_names import has_width, stands_on_another, with_signs
from bcos_core.wanted import GivenUp
from pages.generate.writing import Writing
from pages.server.seams import run_is_over
from pages.widgets.component import component
from pages.widgets.heard import Count, Word, heard
from pages.widgets.resources import TURNS

ENDS = {
    "stop": "The model ended here, by a token that says so.",
    "length": "It was asked for no more tokens.",
    "context": "The model reads no more tokens: its context is full.",
    "stopped": "Stopped.",
}
_BETWEEN_DRAWINGS = 0.1
"""Seconds: a browser need not draw each token by itself."""
_RATHER = 3
"""Alternatives in the tip of a token; all of them are beside the heatmap."""
_component = component(
    "bcos_written", '<section class="written" aria-label="What the model wrote"></section>', "written"
)


@dataclass(frozen=True)
class _Token:
    place: Count
    drawn: Word


def quoted(text: str) -> str:
    """A token in a sentence: its spaces, line breaks and whatever else nobody would see have signs."""
    return f"“{with_signs(text)}”"


def name_of(step: Written) -> str:
    """What a written token is called: its text, the name of one that is none."""
    return step.alternatives.texts[0]


def show_written(
    writing: Writing, wanted: int, *, prompt: str, at: int | None, stopped: bool, on_token: Callable[[int], None]
) -> None:
    """The first `wanted` tokens, of which the one at `at` is chosen; `stopped`: a person wanted no more."""
    data = _drawn(writing, wanted, prompt, at) | {"end": _end(writing, wanted, stopped=stopped)}
    drawn = data["drawn"]

    def clicked() -> None:
        token = heard(st.session_state["written-text"], "token", _Token)
        if token is not None and token.drawn == drawn:
            on_token(token.place)

    _component(key="written-text", data=data, on_token_change=clicked)


def stream(place: DeltaGenerator, writing: Writing, wanted: int, *, prompt: str) -> None:
    """Write until `wanted` tokens are there or the model ends, and draw them as they come. A newer run of the page ends
    this one between two tokens, and goes on where it was."""
    drawn = 0.0
    if not writing.steps:  # the first token of a long prompt takes its time
        with place:
            _component(data={**_drawn(writing, wanted, prompt, None), "busy": True})
    try:
        while len(writing.steps) < wanted and not writing.ended:
            # Not given up within a token: what is half read could not be gone on from.
            with TURNS.take(run_is_over):
                writing.write(wanted)
            if time.monotonic() - drawn > _BETWEEN_DRAWINGS:
                with place:
                    _component(data={**_drawn(writing, wanted, prompt, None), "busy": True})
                drawn = time.monotonic()
    except GivenUp:
        st.stop()


def _drawn(writing: Writing, wanted: int, prompt: str, at: int | None) -> dict[str, Any]:
    steps = writing.steps[:wanted]
    tokens = [_token(step, place == at) for place, step in enumerate(steps)]
    cut = writing.read.truncated_at
    text = prompt if cut is None else "… " + prompt[cut:]
    chat = writing.read.tokens[-1].added
    told = hashlib.sha256(repr((writing.read.ids, [step.token for step in steps])).encode()).hexdigest()[:32]
    return {
        "prompt": text,
        "between": BETWEEN if chat else "",
        "tokens": tokens,
        "end": "",
        "busy": False,
        "drawn": told,
    }


def _token(step: Written, chosen: bool) -> dict[str, Any]:
    sure = probability(step.probability)
    rather = ", ".join(
        f"{quoted(text)} {probability(share)}"
        for text, share in list(zip(step.alternatives.texts, step.alternatives.probabilities, strict=True))[1:][
            :_RATHER
        ]
    )
    said = f"probability {sure}, logit {number(step.logit)}; rather {rather}"
    whole = bool(step.text) and (has_width(step.text) or stands_on_another(step.text))
    return {
        "text": step.text if whole else with_signs(step.text) or name_of(step),
        "special": not whole,
        "mark": whole and not has_width(step.text),
        "doubt": round(1 - step.probability, 3),
        "chosen": chosen,
        "tip": f"{quoted(name_of(step))}: {said}",
        "label": f"{with_signs(name_of(step))}, {said}",
    }


def _end(writing: Writing, wanted: int, *, stopped: bool) -> str:
    steps = writing.steps
    if writing.ended and len(steps) <= wanted:
        return ENDS[steps[-1].end or "stop"]
    return ENDS["stopped" if stopped else "length"]
