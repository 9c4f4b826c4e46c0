"""What a task's data look like: classes, lengths, and what was left out."""

from __future__ import annotations

import dataclasses

import plotly.graph_objects as go
import streamlit as st

from bcos_core.numbers import count
from bcos_core.render.figure_text import figure_text
from bcos_core.text.preview import Lengths, class_counts, text_lengths
from bcos_core.text.tasks import TaskData
from pages.widgets.chart import chart
from pages.widgets.plain import plain

_COLOUR = "#12908e"
_HEIGHT = 200
_CLASSES_SHOWN = 20
_SAMPLE = 3000  # texts whose words are counted: exact enough for a picture, and quick for any data set


def show_data(data: TaskData) -> None:
    """Sizes in a line, then classes and lengths as charts."""
    st.caption(
        f"{count(len(data.train), 'training text')}, {len(data.validation):,} for validation, "
        f"{len(data.test):,} for the test."
    )
    for note in data.notes:
        st.caption(plain(note))
    with st.expander("Classes and lengths", expanded=True):
        classes, lengths = st.columns(2, gap="large")
        figure = _classes_figure(class_counts(data)) if len(data.labels) > 1 else _scores_figure(data)
        with classes:
            chart(figure, key="classes", name=f"classes_{data.title}")
        with lengths:
            chart(_lengths_figure(_lengths(data)), key="lengths", name=f"lengths_{data.title}")


def _lengths(data: TaskData) -> Lengths:
    """Lengths of the texts, of a sample where there are many."""
    return _measured(data.title, len(data.train), hash(data.train.texts), data)


@st.cache_data(max_entries=16, show_spinner=False)
def _measured(title: str, size: int, texts: int, _data: TaskData) -> Lengths:
    sides = {name: getattr(_data, name).take(_SAMPLE, seed=0) for name in ("train", "validation", "test")}
    return text_lengths(dataclasses.replace(_data, **sides))


def _classes_figure(counts: dict[str, int]) -> go.Figure:
    shown = dict(list(counts.items())[:_CLASSES_SHOWN])
    more = f" (first {_CLASSES_SHOWN} of {len(counts)})" if len(counts) > _CLASSES_SHOWN else ""
    figure = go.Figure(
        go.Bar(
            x=list(shown.values()),
            y=list(range(len(shown))),
            orientation="h",
            marker={"color": _COLOUR},
            hovertemplate="%{x:,} texts<extra></extra>",
        )
    )
    # Bars stand at places, not at names: two names that begin alike, once cut, would be one bar.
    names = [_short(label) for label in shown]
    figure.update_yaxes(autorange="reversed", tickmode="array", tickvals=list(range(len(shown))), ticktext=names)
    return _laid_out(figure, f"How many texts per class?{more}", "texts")


def _scores_figure(data: TaskData) -> go.Figure:
    """How often which score is given."""
    scores = [gold for side in (data.train, data.validation, data.test) for gold in side.labels]
    figure = go.Figure(go.Histogram(x=scores, nbinsx=20, marker={"color": _COLOUR}))
    figure.update_traces(hovertemplate="%{x}: %{y:,} texts<extra></extra>")
    return _laid_out(figure, "Which scores do they have?", _short(data.labels[0]))


def _lengths_figure(lengths: Lengths) -> go.Figure:
    figure = go.Figure(
        go.Bar(
            x=[(low + high) / 2 for low, high, _ in lengths.histogram],
            y=[amount for _, _, amount in lengths.histogram],
            width=[high - low + 1 for low, high, _ in lengths.histogram],
            customdata=[[low, high] for low, high, _ in lengths.histogram],
            marker={"color": _COLOUR},
            hovertemplate="%{customdata[0]} to %{customdata[1]} words: %{y:,} texts<extra></extra>",
        )
    )
    return _laid_out(figure, f"How long are they? Median {lengths.median:g} words", "words")


def _laid_out(figure: go.Figure, title: str, axis: str) -> go.Figure:
    figure.update_layout(
        title={"text": title, "font": {"size": 14}, "x": 0, "xanchor": "left"},
        xaxis={"title": {"text": axis}},
        height=_HEIGHT,
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
        bargap=0.3 if figure.data[0].orientation == "h" else 0.05,
    )
    return figure


def _short(label: str, characters: int = 24) -> str:
    """A class name, cut to a length, as Plotly shows it."""
    cut = label if len(label) <= characters else label[: characters - 1] + "…"
    return figure_text(cut)
