"""The course of trainings drawn: what each word adds at every state, how right and how faithful a model is by then."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from bcos_core.numbers import count, number
from bcos_core.render.axis import share_axis
from bcos_core.render.curves import MODEL_LINES
from bcos_core.render.figure_text import figure_text
from bcos_core.render.methods import CHANCE
from bcos_core.tasks.estimates import Estimate, bootstrap
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.train.course import Course, State
from bcos_core.train.course_words import WordCourse

NAMED_WORDS = 6
"""Words with a line of their own colour: those that add most at the end."""
_HEIGHT = 350
RULE = (
    "A word appears at the first state from which on its contribution has its final sign and at least half its final "
    "size."
)

Courses = Mapping[str, tuple[str, Course]]
"""The kind of each model ("bcos", "conventional") and its course, by what the model is called."""


def faithfulness(state: State) -> Estimate:
    """Comprehensiveness − sufficiency over the kept texts that have both, with its interval."""
    pairs = zip(state.comprehensiveness, state.sufficiency, strict=True)
    return bootstrap([one - other for one, other in pairs if one is not None and other is not None])


def has_faithfulness(courses: Courses) -> bool:
    """Whether any state of a model has it: without a token to put in place of words none was measured."""
    return any(faithfulness(state).n for _, course in courses.values() for state in course.states)


def words_figure(title: str, words: Sequence[WordCourse], steps: Sequence[int], state: int) -> go.Figure:
    """A line a word: what it adds at every state; a line stands at the state that is looked at. The strongest have a
    colour, of the page's, and a name; the others are grey."""
    strongest = sorted(words, key=lambda word: -abs(word.final) if math.isfinite(word.final) else 0.0)[:NAMED_WORDS]
    figure = go.Figure()
    for word in [*strongest, *(word for word in words if word not in strongest)]:
        named = word in strongest
        name = figure_text(word.word)
        figure.add_scatter(
            x=list(range(len(steps))),
            y=list(word.scores),
            name=name,
            mode="lines+markers" if named else "lines",
            line={"width": 2} if named else {"width": 1, "color": CHANCE},
            marker={"size": 6},
            opacity=1.0 if named else 0.5,
            showlegend=named,
            text=[f"{name}: {number(score, signed=True)} {after(step)}" for score, step in _at(word, steps)],
            hovertemplate="%{text}<extra></extra>",
        )
    _frame(figure, title, "contribution", steps, state)
    return figure


def accuracy_figure(courses: Courses, metric: str, state: int) -> go.Figure:
    """The main metric on validation texts at every state of each model."""
    shown = next(one for kind in TASK_TYPES.values() for one in kind.metrics if one.name == metric)
    figure = go.Figure()
    for name, (kind, course) in courses.items():
        values = [one.value for one in course.states]
        _line(figure, name, kind, course, values, shown.written)
    _frame(figure, f"{shown.title} on validation texts", shown.phrase, _steps(courses), state)
    if shown.share:
        figure.update_yaxes(**share_axis())
    return figure


def faithfulness_figure(courses: Courses, state: int) -> go.Figure:
    """Comprehensiveness − sufficiency of the kept texts at every state, with intervals."""
    figure = go.Figure()
    for name, (kind, course) in courses.items():
        found = [faithfulness(one) for one in course.states]
        _line(figure, name, kind, course, [one.mean for one in found], number)
        figure.data[-1].error_y = {
            "type": "data",
            "symmetric": False,
            "array": [one.high - one.mean if one.has_interval else 0.0 for one in found],
            "arrayminus": [one.mean - one.low if one.has_interval else 0.0 for one in found],
            "thickness": 1,
            "width": 0,
        }
    _frame(figure, "How faithful are the heatmaps?", "comprehensiveness − sufficiency", _steps(courses), state)
    return figure


def words_table(words: Sequence[WordCourse], steps: Sequence[int]) -> pd.DataFrame:
    """Every word with its contribution after each number of steps, and the step at which it appears."""
    return pd.DataFrame(
        [
            {
                "word": word.word,
                "start": word.start,
                "appears at step": None if word.appears is None else steps[word.appears],
                **dict(zip(map(after, steps), word.scores, strict=True)),
            }
            for word in words
        ]
    ).astype({"appears at step": "Int64"})


def appearance_table(words: Mapping[str, Sequence[WordCourse]], steps: Sequence[int]) -> pd.DataFrame:
    """Of each word what it adds at the end and the step at which it appears, model beside model, by what these are
    called. Words of two tokenizers stand beside each other where they are the same characters."""
    rows: dict[tuple[int, int], dict[str, object]] = {}
    for name, found in words.items():
        for word in found:
            row = rows.setdefault((word.start, word.end), {"word": word.word})
            row[f"{name}: adds"] = word.final
            row[f"{name}: from step"] = None if word.appears is None else steps[word.appears]
    table = pd.DataFrame([rows[place] for place in sorted(rows)])
    return table.astype({column: "Int64" for column in table if str(column).endswith("from step")})


def states_table(courses: Courses) -> pd.DataFrame:
    """Every state of each model: step, B, the metric, the faithfulness of its heatmaps with its interval, seconds."""
    rows = []
    for name, (_, course) in courses.items():
        for state in course.states:
            found = faithfulness(state)
            rows.append(
                {
                    "model": name,
                    "step": state.step,
                    "B": state.b,
                    course.metric: state.value,
                    "comprehensiveness − sufficiency": found.mean,
                    "low": found.low,
                    "high": found.high,
                    "texts": found.n,
                    "seconds": state.seconds,
                }
            )
    return pd.DataFrame(rows)


def _line(
    figure: go.Figure, name: str, kind: str, course: Course, values: Sequence[float], written: Callable[[float], str]
) -> None:
    _, colour, dash = MODEL_LINES[kind]
    figure.add_scatter(
        x=list(range(len(values))),
        y=list(values),
        name=figure_text(name),
        mode="lines+markers",
        line={"color": colour, "dash": dash, "width": 2},
        marker={"size": 7},
        cliponaxis=False,
        text=[
            f"{figure_text(name)}: {written(value)} {after(state.step)}"
            for value, state in zip(values, course.states, strict=True)
        ],
        hovertemplate="%{text}<extra></extra>",
    )


def _frame(figure: go.Figure, title: str, axis: str, steps: Sequence[int], state: int) -> None:
    """States stand at even distances, whatever the steps between them: the first ones are close to each other."""
    figure.add_vline(x=state, line={"width": 1, "dash": "dot", "color": CHANCE})
    figure.update_layout(
        title={"text": figure_text(title), "font": {"size": 14}, "x": 0, "xanchor": "left"},
        xaxis={
            "title": {"text": "optimiser steps done"},
            "tickvals": list(range(len(steps))),
            "ticktext": [f"{step:,}" for step in steps],
            "showgrid": False,
        },
        yaxis={"title": {"text": axis}},
        # At the foot of the chart, whatever its width.
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        showlegend=True,
        height=_HEIGHT,
        margin={"l": 8, "r": 8, "t": 44, "b": 110},
    )


def _steps(courses: Courses) -> list[int]:
    _, longest = max(courses.values(), key=lambda one: len(one[1].states))
    return [state.step for state in longest.states]


def _at(word: WordCourse, steps: Sequence[int]) -> list[tuple[float, int]]:
    return list(zip(word.scores, steps, strict=True))


def after(step: int) -> str:
    """ "after 1 step", "after 1,200 steps"."""
    return f"after {count(step, 'step')}"
