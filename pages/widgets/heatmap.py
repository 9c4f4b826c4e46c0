"""The heatmap panel as a Streamlit component: mounted with a record's drawing, it sends clicked words back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import streamlit as st
from msgspec import Meta

from pages.widgets.component import component
from pages.widgets.heard import Count, Word, heard
from pages.widgets.struck import Span

_component = component("bcos_heatmap", '<article class="panel"></article>', "heatmap")


@dataclass(frozen=True)
class _Click:
    at: float
    start: Count
    end: Count
    drawn: Word


@dataclass(frozen=True)
class _Strike:
    clicks: Annotated[tuple[_Click, ...], Meta(max_length=100)]


def heatmap(
    data: dict[str, Any],
    *,
    key: str,
    on_strike: Callable[[Sequence[Span]], None],
    on_fold: Callable[[bool], None] | None = None,
) -> None:
    """Draw one panel. `on_strike` gets the character spans of the words that were clicked on this drawing, in order; a
    click on an older one, of another text, does nothing.

    `data` has `method`, `model` and `cost` (strings), `failure` (a string or None), `prediction`, `runs`,
    `presentation`, `legend`, `notes` and `blocks`, as `bcos_core.render.drawing` makes them. With `on_fold` the panel
    is a row of a grid: prediction, legend, the blocks but that of a strike, and the cost are seen only while `open` is
    true, a button folds and unfolds them, and beside the method stand `mark` (as `drawing.sum_mark` has it, or None)
    and the `time` that it took.
    """
    drawn, latest = fingerprint(data["runs"]), f"heard-{key}"

    def clicked() -> None:
        strike = heard(st.session_state[key], "strike", _Strike)
        # Each message has the clicks of earlier ones, too; times are of the browser's page, which a session belongs to.
        new = [click for click in strike.clicks if click.at > st.session_state.get(latest, -1.0)] if strike else []
        if new:
            st.session_state[latest] = new[-1].at
        if words := [(click.start, click.end) for click in new if click.drawn == drawn]:
            on_strike(words)

    def folded() -> None:
        is_open = heard(st.session_state[key], "open", bool)
        if on_fold is not None and is_open is not None:
            on_fold(is_open)

    _component(
        key=key,
        data={**data, "drawn": drawn, "folds": on_fold is not None},
        on_strike_change=clicked,
        on_open_change=folded,
    )


def pending(method: str, model: str, runs: list[dict[str, Any]], presentation: str, cost: str) -> None:
    """The place of a panel that is being computed: its text, as `drawing.pending_runs` has it, and what it takes."""
    _component(
        data={"method": method, "model": model, "runs": runs, "presentation": presentation, "pending": f"{cost} …"}
    )


def fingerprint(runs: list[dict[str, Any]]) -> str:
    """Tells drawings of different texts apart: a hash of the text, as it is cut into what is drawn."""
    texts = [[unit["text"] for unit in run["units"]] if "units" in run else run["text"] for run in runs]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:32]
