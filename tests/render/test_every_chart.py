"""Every chart of the library can be taken away as a picture, with names from data as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go
import pytest
from figure_files import svg_texts

from bcos_core.evaluate.audit import ChoiceAudit
from bcos_core.evaluate.reliability import Bin, Reliability
from bcos_core.lab.result import LabRow
from bcos_core.render.audit import confusion_figure, reliability_figure
from bcos_core.render.curves import learning_figures
from bcos_core.render.figures.chart import chart_file
from bcos_core.render.lab import lab_figure
from bcos_core.render.matrix import agreement_figure
from bcos_core.render.scoreboard import frontier_figure, leaderboard_figure
from bcos_core.render.trust import dots_figure, steps_figure
from bcos_core.trust.result import Finding, Step, TrustReport
from bcos_core.trust.tests import TESTS

NAME = "B & <C>"


def row(method: str, mean: float, passes: float) -> dict[str, Any]:
    return {
        "method": method,
        "checkpoint": NAME,
        "score": "comprehensiveness",
        "mean": mean,
        "low": mean - 0.1,
        "high": mean + 0.1,
        "n": 20,
        "failed": 0,
        "beats_random": True,
        "forward_passes": passes,
        "backward_passes": 0,
        "seconds": 0.1,
        "protocol": {"summary": "all"},
    }


def trust_report() -> TrustReport:
    findings = [
        Finding("bcos", "cascade", "passed", 40, 0.1, 0.0, 0.2, 1.0, 1.0),
        Finding("attention", "cascade", "failed", 40, 1.0, None, None, 0.0001, 0.001),
    ]
    steps = [Step("bcos", "cascade", NAME, 40, 0.5, 0.4, 0.6, 0.3, None, None)]
    words = ("of the probability", "of the probability")
    return TrustReport(
        NAME,
        "/models/x",
        "0",
        "task",
        "single-label",
        40,
        0,
        ("bcos", "attention"),
        (*findings,),
        (*steps,),
        *words,
        1.0,
        {},
    )


def charts() -> Iterator[tuple[str, go.Figure, str]]:
    """Each with something that is written in it."""
    reliability = Reliability(0.1, 0.2, 0.3, (Bin(0.5, 0.6, 0.55, 0.5, 4), Bin(0.9, 1.0, 0.95, 0.9, 20)))
    choice = ChoiceAudit(((3, 1), (0, 4)), reliability, 1.0, reliability)
    rows = [row("bcos", 0.5, 2), row("lime", 0.3, 101), row("random", 0.0, 0)]
    for number, figure in enumerate(learning_figures({"bcos/loss": [(1, 0.7), (2, 0.5)], "bcos/accuracy": [(2, 0.8)]})):
        yield f"learning-{number}", figure, "optimiser step"
    yield "confusion", confusion_figure(NAME, choice, (NAME, "b")), NAME
    yield "reliability", reliability_figure(NAME, choice), "accuracy"
    yield "agreement", agreement_figure("Same?", [NAME, "b"], [[1.0, 0.5], [0.5, 1.0]]), "0.50"
    yield "lab", lab_figure([LabRow("a", "lime", "top_3", 0.5, 0.4, 0.6, n=3, failed=0)], "top_3", {"a": NAME}), NAME
    yield "leaderboard", leaderboard_figure(rows, "comprehensiveness"), "B-cos contributions"
    yield "trust", dots_figure(trust_report(), TESTS["cascade"]), "fails above 0.5"
    yield "trust-steps", steps_figure(trust_report(), "cascade"), NAME
    yield "frontier", frontier_figure(rows, "comprehensiveness"), "100"


@pytest.mark.parametrize(("figure", "said"), [pytest.param(*rest, id=name) for name, *rest in charts()])
def test_a_chart_is_a_picture(figure: go.Figure, said: str) -> None:
    assert any(said in text for text in svg_texts(chart_file(figure, "svg")))
