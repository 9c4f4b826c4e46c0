"""Charts and tables of how models learn and of what their heatmaps look like, from figures written by hand."""

from __future__ import annotations

import math

import pytest
from figure_files import svg_texts
from records import FAILED, record

from bcos_core.evaluate.patterns_table import Agreement, ExplainedModel, Figure, PatternRow, Patterns
from bcos_core.render.course import (
    accuracy_figure,
    appearance_table,
    faithfulness,
    faithfulness_figure,
    states_table,
    words_figure,
    words_table,
)
from bcos_core.render.figures.chart import chart_file
from bcos_core.render.patterns import agreements_in_words, patterns_figure, patterns_table, shown_table
from bcos_core.tasks.estimates import bootstrap
from bcos_core.train.course import Course, State
from bcos_core.train.course_words import WordCourse, word_courses

NAME = "B & <C>"
STEPS = [0, 1, 10]


def word(*scores: float, text: str = "good", start: int = 0) -> WordCourse:
    return WordCourse(text, start, start + len(text), scores)


def state(step: int, value: float, falls: tuple[float | None, ...]) -> State:
    left = tuple(None if fall is None else 0.25 for fall in falls)
    return State(step, 1.5, value, "mask", falls, left, 0.5, (record().to_dict(),) * len(falls))


def course(*values: float) -> Course:
    falls = (0.5, 0.75, None)
    return Course("accuracy", 40, tuple(state(s, v, falls) for s, v in zip(STEPS, values, strict=True)))


@pytest.mark.parametrize(
    ("scores", "place"),
    [
        ((0.0, 0.1, 0.5, 0.9, 1.0), 2),
        ((0.6, 0.4, 0.6, 1.0), 2),  # it was there, and was lost again
        ((1.0, 1.0), 0),
        ((1.0, -1.0), 1),  # with its final sign
        ((-0.05, -0.4, -0.2), 1),
        ((math.nan, 1.0), 1),
        ((1.0, 0.0), None),
        ((1.0, math.nan), None),
    ],
)
def test_where_a_word_appears(scores: tuple[float, ...], place: int | None) -> None:
    assert word(*scores).appears == place


def test_words_are_sums_of_their_tokens_at_every_state() -> None:
    first, second = record(scores=(0.1, 0.5, 1.0, 0.25, 0.0, 0.2)), record()
    found = word_courses([first, second])
    assert [(one.word, one.scores) for one in found] == [
        ("Not", (0.5, 0.5)),
        ("bad", (1.25, -1.75)),
        (".", (0.0, 0.25)),
    ]
    assert [one.appears for one in found] == [0, 1, 1]
    assert math.isnan(word_courses([FAILED, second])[1].scores[0])


def test_tables_of_a_course() -> None:
    words = [word(0.0, 1.0, 1.2), word(0.0, 0.0, 0.0, text="the", start=5)]
    table = words_table(words, STEPS)
    assert table["appears at step"].fillna(-1).tolist() == [1, -1]
    assert table.loc[0, "after 10 steps"] == 1.2
    both = appearance_table({"a": words, "b": [word(2.0, 2.0, 2.0)]}, STEPS)
    assert both["word"].tolist() == ["good", "the"] and both["b: from step"].fillna(-1).tolist() == [0, -1]
    states = states_table({NAME: ("bcos", course(0.5, 0.6, 0.7))})
    assert states["accuracy"].tolist() == [0.5, 0.6, 0.7] and states["texts"].tolist() == [2, 2, 2]
    assert states["comprehensiveness − sufficiency"].tolist() == pytest.approx([0.375] * 3)


def test_faithfulness_is_over_the_texts_that_have_it() -> None:
    found, expected = faithfulness(state(1, 0.5, (0.5, 0.75, None))), bootstrap([0.25, 0.5])
    assert (found.mean, found.low, found.n) == (0.375, expected.low, 2)


PATTERNS = Patterns(
    models=(ExplainedModel("a", "bcos", "bcos", "mask", 1), ExplainedModel("b", "conventional", "pullback", "mask", 0)),
    rows=(
        PatternRow(
            "against",
            (Figure(0.1, 0.08, 0.12, 40), Figure(0.3, 0.25, 0.35, 41)),
            (None, None),
            Figure(-0.2, -0.25, -0.15, 40),
            0.0002,
            0.0004,
        ),
        PatternRow("added", (Figure(0.05, None, None, 40), None), (0.1, 0.1)),
    ),
    agreements=(Agreement("", Figure(0.5, 0.4, 0.6, 30), 2), Agreement("a", None, 3)),
    task="Reviews",
    task_type="single-label",
    texts=41,
    counted=1000,
)


def test_tables_of_patterns() -> None:
    names = {"a": NAME, "b": "twin"}
    shown = shown_table(PATTERNS, names)
    assert shown.loc[0, NAME] == "10.0 % [8.0, 12.0]" and shown.loc[1, NAME] == "5.0 %" and shown.loc[1, "twin"] == "–"
    assert shown["difference"].tolist() == ["−20.0 [−25.0, −15.0] *", "–"]
    assert shown["all alike"].tolist() == ["–", "10 %"]
    table = patterns_table(PATTERNS, names)
    assert table.loc[0, "difference: low"] == -0.25 and table.loc[0, f"{NAME}: high"] == 0.12
    between, seeds = agreements_in_words(PATTERNS, names)
    assert "τ = 0.500 [0.400, 0.600] (30 texts" in between and "3 models that differ by their seed alone" in seeds


def test_every_chart_is_a_picture() -> None:
    courses = {NAME: ("bcos", course(0.5, 0.6, 0.7)), "twin": ("conventional", course(0.5, 0.7, 0.8))}
    words = [word(0.0, float(n), n + 1.0, text=f"word{n}", start=10 * n) for n in range(9)]
    for figure, said in (
        (words_figure(f"When? {NAME}", words, STEPS, 1), "word8"),
        (accuracy_figure(courses, "accuracy", 1), "optimiser steps done"),
        (faithfulness_figure(courses, 1), NAME),
        (patterns_figure(PATTERNS, {"a": NAME}), "Speaks against"),
    ):
        assert any(said in text for text in svg_texts(chart_file(figure, "svg")))
