"""How the models on Compare learned: a slider through their training, for texts that were explained on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from bcos_core.model.info import CheckpointInfo
from bcos_core.numbers import count, duration
from bcos_core.render import drawing
from bcos_core.render.course import (
    RULE,
    accuracy_figure,
    after,
    appearance_table,
    faithfulness_figure,
    has_faithfulness,
    states_table,
    words_figure,
    words_table,
)
from bcos_core.render.drawing import Style
from bcos_core.render.pieces import unit_scores
from bcos_core.render.scale import Scale
from bcos_core.storage.content import file_stamp
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.pair import one_line
from bcos_core.train.course import COURSE_FILE, Course, read_course
from bcos_core.train.course_words import WordCourse, word_courses
from pages.widgets import url
from pages.widgets.chart import chart
from pages.widgets.errors import guard
from pages.widgets.frame import fragment
from pages.widgets.heatmap import heatmap
from pages.widgets.plain import plain
from pages.widgets.table_files import table_files

_WORDS = "When does a word count?"
_SCALE = "Full colour is the largest contribution of this model at any of the states."
_OFF = (
    "None of these models kept explanations while it was trained. To see how a model learns, train one with “Explained "
    "texts” above 0: on Train, under “All options”; on the command line with --kept-texts."
)


@fragment()
def course(models: list[CheckpointInfo], text: str, style: Style) -> None:
    """What the models kept of their trainings, where they kept any; `text` is looked at first if it is among that."""
    opened = st.expander("How was it learned?", key="course", on_change="rerun", icon=":material/timeline:")
    if not opened.open:
        return
    with opened, guard():
        known = [(info, _read(info)) for info in models]
        first = next((found for _, found in known if found is not None), None)
        if first is None:
            st.markdown(_OFF)
            return
        shown = []
        for info, found in known:
            if found is not None and _steps(found) == _steps(first) and found.texts == first.texts:
                shown.append((info, found))
            else:
                why = "kept other texts, or other steps" if found else "kept no explanations in its training"
                st.caption(plain(f"{info.name} {why}: it is left out here."))
        _show(shown, text, style)


Learned = Sequence[tuple[CheckpointInfo, Course]]
"""Models with their courses, which are of the same texts and steps."""


def _show(courses: Learned, text: str, style: Style) -> None:
    _, first = courses[0]
    steps = _steps(first)
    default = first.texts.index(text) if text in first.texts else 0
    place = st.selectbox(
        "Explained text",
        range(len(first.texts)),
        format_func=lambda place: one_line(first.texts[place]),
        **url.bound("learned", default, parse=url.from_to(0, len(first.texts) - 1)),
    )
    state = st.select_slider(
        "Optimiser steps done",
        range(len(steps)),
        format_func=lambda place: f"{steps[place]:,}",
        **url.bound("state", len(steps) - 1, parse=url.from_to(0, len(steps) - 1)),
    )
    words = {info.name: word_courses(one.records(first.texts[place])) for info, one in courses}
    for column, (info, one) in zip(st.columns(len(courses), gap="large"), courses, strict=True):
        with column:
            _heatmap(info, one, first.texts[place], state, style)
            chart(
                words_figure(_WORDS, words[info.name], steps, state),
                key=f"course-words-{info.path.name}",
                name=f"words_in_training_{info.path.name}",
                data=partial(words_table, words[info.name], steps),
                picture=words_figure(f"{_WORDS} {info.name}", words[info.name], steps, state),
            )
    _numbers(courses, words, steps, state)


def _heatmap(info: CheckpointInfo, one: Course, text: str, state: int, style: Style) -> None:
    """Of one state, in colours that mean the same at every state."""
    record = one.states[state].record(text)
    scores = [
        abs(score) for other in one.records(text) if not other.failed for score in unit_scores(other, style.granularity)
    ]
    scale = Scale(max(scores, default=0.0), _SCALE)
    kind = TASK_TYPES[info.task_type]
    heatmap(
        {
            "method": f"{record.target.label} · {after(one.states[state].step)}",
            "model": info.name,
            "prediction": drawing.prediction_bars(record),
            "failure": record.failure,
            "runs": drawing.drawn_runs(record, style, scale),
            "presentation": style.presentation,
            "legend": drawing.legend(record, style, scale),
            "notes": [],
            "blocks": [],
            "cost": f"{kind.main_metric.title} on validation texts {kind.main_metric.written(one.states[state].value)}",
        },
        key=f"course-{info.path.name}",
        on_strike=lambda words: None,
    )


def _numbers(courses: Learned, words: Mapping[str, Sequence[WordCourse]], steps: list[int], state: int) -> None:
    info, first = courses[0]
    output = TASK_TYPES[info.task_type].output
    drawn = {info.name: (info.kind, one) for info, one in courses}
    left, right = st.columns(2, gap="large")
    with left:
        chart(accuracy_figure(drawn, first.metric, state), key="course-right", data=lambda: states_table(drawn))
    with right:
        if has_faithfulness(drawn):
            chart(faithfulness_figure(drawn, state), key="course-faithful", data=lambda: states_table(drawn))
            faithful = (
                f"Faithfulness is raw comprehensiveness − sufficiency of {count(len(first.texts), 'validation text')} "
                "with 95 % intervals: it compares the states of one model, not two models. "
            )
        else:
            faithful = "How faithful the heatmaps are was not measured: there is no token to put in place of words. "
    table = appearance_table(words, steps)
    numbers = {name: st.column_config.NumberColumn(format="%+.3g") for name in table if name.endswith(": adds")}
    st.dataframe(table, hide_index=True, placeholder="–", height=min(38 + 35 * len(table), 320), column_config=numbers)
    seconds = sum(one.seconds for _, one in courses)
    st.caption(
        plain(
            f"{RULE} Explained is each text’s own {output}, by each model’s own weights: B-cos contributions, and the "
            f"frozen-linear pullback of a conventional model. {faithful}"
            f"The metric is of {count(first.validation, 'validation text')}. Keeping this took {duration(seconds)} of "
            "the training."
        )
    )
    table_files(lambda: table, name="words_in_training", caption=RULE, key="course-files")


def _read(info: CheckpointInfo) -> Course | None:
    file = info.path / COURSE_FILE
    return _cached(str(info.path), file_stamp(file)) if file.is_file() else None


@st.cache_resource(max_entries=4, show_spinner="Reading the states …")
def _cached(folder: str, stamp: tuple[int, ...]) -> Course | None:
    return read_course(Path(folder))


def _steps(one: Course) -> list[int]:
    return [state.step for state in one.states]
