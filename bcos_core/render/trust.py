"""The trust tests drawn: methods and tests as a matrix of words, one test as dots, shuffled weights as curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from bcos_core.attribution.registry import METHODS
from bcos_core.numbers import count
from bcos_core.render.dots import add_dot, lay_out
from bcos_core.render.figure_text import figure_text
from bcos_core.render.methods import CHANCE, method_colour, method_title
from bcos_core.render.palette import PALETTES
from bcos_core.trust.result import Finding, Scheme, Step, TrustReport
from bcos_core.trust.tests import TESTS, TrustTest
from bcos_core.trust.words import STATES, finding_in_words, part_in_words

LEGEND = (
    "passes: the 95 % interval is on the right side of the threshold. fails: the mean is on the wrong side, by more "
    "than chance. unclear: neither. –: not measured. Hover or focus a word for its number, choose it for its details."
)
_STRENGTHS = {"passed": 0.35, "failed": -1.0, "open": 0.0, "not measured": 0.0}
_COLUMN = 9
"""Width of a column of the matrix, in letters: a word, under a title of several lines."""
_SHADES = PALETTES["blue-orange"]
_SCHEMES: dict[Scheme, tuple[str, str]] = {
    "cascade": ("What is left of the heatmap?", "shuffled, from the output layer down to"),
    "alone": ("What is left of the heatmap?", "the part that is shuffled"),
}
_DASHES = ("solid", "dash", "dot", "dashdot")


def measured_tests(report: TrustReport) -> list[TrustTest]:
    """Those that were judged for a method at least."""
    known = {one.test for one in report.findings if one.state != "not measured"}
    return [test for test in TESTS.values() if test.name in known]


def unmeasured(report: TrustReport) -> dict[str, str]:
    """Titles of the others, each with the reason."""
    known = {test.name for test in measured_tests(report)}
    return {TESTS[one.test].title: one.note for one in report.of(report.methods[0]) if one.test not in known}


def trust_matrix(report: TrustReport, chosen: tuple[str, str]) -> dict[str, Any]:
    """Everything that the matrix component draws; `chosen` is the (method, test) whose details are shown."""
    tests = measured_tests(report)
    return {
        "column": _COLUMN,
        "models": [
            {
                "name": report.checkpoint,
                "columns": [{"title": test.title, "direction": ""} for test in tests],
                "rows": [_row(report, method, tests, chosen) for method in report.methods],
            }
        ],
    }


def _row(report: TrustReport, method: str, tests: Sequence[TrustTest], chosen: tuple[str, str]) -> dict[str, Any]:
    failed = sum(one.state == "failed" for one in report.of(method))
    passed = any(one.state == "passed" for one in report.of(method))
    note = f"fails {count(failed, 'test')}" if failed else "no fault found" if passed else "nothing is clear"
    if METHODS[method].chance:
        note += ", put in to fail"
    return {
        "title": method_title(method),
        "note": note,
        "cells": [_cell(report, method, test, is_chosen=(method, test.name) == chosen) for test in tests],
    }


def _cell(report: TrustReport, method: str, test: TrustTest, *, is_chosen: bool) -> dict[str, Any]:
    finding = report.finding(method, test.name)
    shades = {mode: _SHADES.shade(_STRENGTHS[finding.state], mode).background for mode in ("light", "dark")}
    return {
        "choice": {"checkpoint": report.checkpoint, "method": method, "score": test.name},
        "text": "–" if finding.state == "not measured" else STATES[finding.state],
        "best": finding.state == "failed",
        "chosen": is_chosen,
        "label": f"{method_title(method)}, {test.title}: {finding_in_words(finding)}",
        **shades,
    }


def findings_table(report: TrustReport, test: str | None = None) -> pd.DataFrame:
    """Findings of one test, or of all, a row each."""
    return pd.DataFrame(
        [
            {
                "method": method_title(one.method),
                **({"test": TESTS[one.test].title} if test is None else {}),
                "verdict": STATES[one.state],
                "mean": one.mean,
                "low": one.low,
                "high": one.high,
                "threshold": TESTS[one.test].threshold,
                "texts": one.n,
                "p": one.p,
                "p (Holm)": one.corrected,
                "note": part_in_words(one) or one.note,
            }
            for one in report.findings
            if test in (None, one.test)
        ]
    )


def dots_figure(report: TrustReport, test: TrustTest) -> go.Figure:
    """The means of all methods in one test with their 95 % intervals, and the threshold."""
    found = [one for one in report.findings if one.test == test.name and one.mean is not None]
    figure = go.Figure()
    for one in sorted(found, key=_gap, reverse=True):
        row = {"mean": one.mean, "low": one.low, "high": one.high, "n": one.n}
        add_dot(figure, row, label=method_title(one.method), colour=method_colour(one.method), symbol="circle")
    figure.add_vline(
        x=test.threshold,
        line={"dash": "dash", "width": 1, "color": CHANCE},
        annotation={"text": f"fails {test.wrong} {test.threshold:g}", "font": {"size": 12}},
        annotation_position="top right" if test.wrong == "above" else "top left",
    )
    lay_out(figure, test.title, test.measure, len(found))
    return figure


def _gap(finding: Finding) -> float:
    return TESTS[finding.test].gap(0.0 if finding.mean is None else finding.mean)


def steps_figure(report: TrustReport, scheme: Scheme, *, strengths: bool = False) -> go.Figure:
    """How alike heatmaps are as weights are shuffled, a line for each method with the intervals of its means."""
    title, axis = _SCHEMES[scheme]
    figure = go.Figure()
    for place, method in enumerate(report.methods):
        steps = [one for one in report.steps if (one.method, one.scheme) == (method, scheme)]
        known = [(one.part, *_numbers(one, strengths=strengths)) for one in steps]
        points = [(part, mean, low, high) for part, mean, low, high in known if mean is not None]
        if not points:
            continue
        name = figure_text(method_title(method))
        ends = [(mean if low is None else low, mean if high is None else high) for _, mean, low, high in points]
        figure.add_scatter(
            x=[figure_text(part) for part, *_ in points],
            y=[mean for _, mean, _, _ in points],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [high - one[1] for (_, high), one in zip(ends, points, strict=True)],
                "arrayminus": [one[1] - low for (low, _), one in zip(ends, points, strict=True)],
                "thickness": 1,
                "width": 0,
            },
            customdata=ends,
            name=name,
            mode="lines+markers",
            line={"color": method_colour(method), "width": 2, "dash": _DASHES[place % len(_DASHES)]},
            hovertemplate=f"{name}<br>%{{x}}: %{{y:.2f}} (%{{customdata[0]:.2f}} to %{{customdata[1]:.2f}})"
            "<extra></extra>",
        )
    figure.update_layout(
        title={"text": title, "font": {"size": 14}, "x": 0, "xanchor": "left"},
        xaxis={"title": {"text": axis}},
        yaxis={"title": {"text": f"Spearman’s ρ of the {'absolute ' * strengths}scores"}, "range": [-0.4, 1.05]},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": -0.3, "yanchor": "top"},
        showlegend=True,
        height=440,
        margin={"l": 8, "r": 16, "t": 44, "b": 8},
    )
    return figure


def steps_table(report: TrustReport, scheme: Scheme) -> pd.DataFrame:
    """The points of both kinds of curves."""
    return pd.DataFrame(
        [
            {
                "method": method_title(one.method),
                "part": one.part,
                "texts": one.n,
                "values": one.values,
                "values low": one.values_low,
                "values high": one.values_high,
                "strengths": one.strengths,
                "strengths low": one.strengths_low,
                "strengths high": one.strengths_high,
            }
            for one in report.steps
            if one.scheme == scheme
        ]
    )


def _numbers(step: Step, *, strengths: bool) -> tuple[float | None, float | None, float | None]:
    if strengths:
        return step.strengths, step.strengths_low, step.strengths_high
    return step.values, step.values_low, step.values_high
