"""The charts of an audit, by their JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from scipy.stats import binomtest

from bcos_core.evaluate.audit import ChoiceAudit
from bcos_core.evaluate.reliability import Bin, Reliability
from bcos_core.render.audit import confusion_figure, reliability_figure

RELIABILITY = Reliability(0.1, 0.2, 0.3, (Bin(0.6, 0.8, 0.7, 0.5, 8), Bin(0.8, 1.0, 0.9, 1.0, 20)))
CHOICE = ChoiceAudit(((3, 1), (0, 4)), RELIABILITY, 1.5, RELIABILITY)
NAME = "a model with a name that is longer than a chart on a phone is wide"


def test_each_share_has_its_interval_also_at_twenty_of_twenty() -> None:
    before = json.loads(reliability_figure(NAME, CHOICE).to_json())["data"][1]
    expected = [binomtest(right, n).proportion_ci(method="wilson") for right, n in ((4, 8), (20, 20))]
    ends = [(y - down, y + up) for y, down, up in zip(before["y"], *_errors(before), strict=True)]
    assert ends == [pytest.approx((one.low, one.high)) for one in expected]
    assert before["text"][1] == "95 % interval 0.839 to 1.00, 20 texts"


def test_the_end_of_the_search_is_no_temperature_like_others() -> None:
    names = [trace.name for trace in reliability_figure(NAME, replace(CHOICE, temperature=20.0)).data]
    assert names[2].startswith("at temperature ≥ 20.0 (ECE")
    assert "≥" not in str([trace.name for trace in reliability_figure(NAME, CHOICE).data])


def _errors(trace: dict[str, dict[str, list[float]]]) -> tuple[list[float], list[float]]:
    return trace["error_y"]["arrayminus"], trace["error_y"]["array"]


def test_a_long_name_stands_under_the_title_and_the_legend_at_the_foot() -> None:
    for figure in (reliability_figure(NAME, CHOICE), confusion_figure(NAME, CHOICE, ("bad", "good"))):
        assert NAME not in figure.layout.title.text and figure.layout.title.subtitle.text == NAME
    legend = reliability_figure(NAME, CHOICE).layout.legend
    assert (legend.yref, legend.y, legend.yanchor) == ("container", 0, "bottom")


def test_counts_and_their_shares_of_the_label() -> None:
    matrix = json.loads(confusion_figure(NAME, CHOICE, ("bad", "good")).to_json())["data"][0]
    assert matrix["z"] == [[0.75, 0.25], [0.0, 1.0]] and matrix["text"][0] == ["3<br>75 %", "1<br>25 %"]
