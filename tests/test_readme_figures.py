"""No measured number stands in the README that `reproduce ours` does not print, and each as it was measured.

A measured number stands between two marks, which no reader sees: `<!-- figure: NAME -->1.64<!-- /figure -->`. NAME is
that of a figure, with ".low" or ".high" behind it for an end of its interval. `assets/figures.json` is what the command
has written: `python -m bcos_core reproduce ours --output assets/figures.json`.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bcos_core.errors import InputError
from bcos_core.home import CHECKOUT
from bcos_core.reproduce.figure import Figure
from bcos_core.reproduce.ours import ours_names
from bcos_core.reproduce.report import Report
from bcos_core.storage.stored_json import read_json

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
MARKED = re.compile(r"<!-- figure: (?P<name>[^ ]+) -->(?P<said>.*?)<!-- /figure -->", re.DOTALL)
MEASURED = re.compile(
    r"(?<![\w.])\d[\d.,]*\s?(?:%|×|ms|s|min|kB|MB|GB|GiB|milliseconds?|seconds?|minutes?|hours?|points)(?!\w)|\d\s?±|±\s?\d"
)
"""What a measured number looks like: one with a unit that is measured, or with a spread."""
NOT_MEASURED = {
    "95 %": "how sure intervals are",
    "100 MB": "the largest file that is taken",
    "4 GB": "the memory that a machine is asked to have",
    "12 hours": "after which a session that nobody uses ends",
}
ENDS = ("low", "high")


def the_report() -> Report:
    return read_json(
        CHECKOUT / "assets" / "figures.json", Report, error=InputError, advice="Write it.", largest=64 << 20
    )


def value_of(report: Report, name: str) -> tuple[Figure, float]:
    """A figure and the number of it that a name means."""
    stem, dot, end = name.rpartition(".")
    end = end if dot and end in ENDS else ""
    figure = report.figure(stem if end else name)
    assert figure is not None, f"{name} is not in assets/figures.json"
    value = getattr(figure, end) if end else figure.value
    assert value is not None, f"{name} has no interval"
    return figure, value


def agrees(said: str, value: float, unit: str) -> bool:
    """Whether a number is `value` to its printed digits; zeros at the end of a whole number may be rounded ones."""
    found = re.fullmatch(r"\s*([−+-]?)(\d[\d,]*)(?:\.(\d+))?\s*(\S*)\s*", said)
    if found is None or found[4] not in ("", unit):
        return False
    if found[4] == "" and unit not in ("", "×"):
        return False
    value = value * 100 if unit == "%" else value
    sign, whole, decimals = found[1], found[2].replace(",", ""), found[3]
    printed = float(f"{'-' if sign in ('−', '-') else ''}{whole}.{decimals or 0}")
    if decimals:
        return f"{value:.{len(decimals)}f}" == f"{printed:.{len(decimals)}f}"
    digits = range(max(1, len(whole.rstrip("0"))), len(whole) + 1)
    return any(float(f"{value:.{kept}g}") == printed for kept in digits) or round(value) == printed


def test_every_marked_number_is_declared_and_as_it_was_measured() -> None:
    declared, report = set(ours_names()), the_report()
    assert report.what == "ours"
    for found in MARKED.finditer(README):
        name, said = found["name"], found["said"]
        stem = re.sub(r"\.(low|high)$", "", name)
        assert stem in declared, f"`reproduce ours` has no figure {stem}"
        figure, value = value_of(report, name)
        assert agrees(said, value, figure.unit), f"README says {said} of {name}; measured {value} {figure.unit}"


def test_no_measured_number_is_without_its_mark() -> None:
    text = re.sub(r"```.*?```", "", MARKED.sub("", README), flags=re.DOTALL)
    text = re.sub(r"`[^`]*`|\]\([^)]*\)", "", text)
    found = {" ".join(one.group().split()) for one in MEASURED.finditer(text)}
    assert found <= set(NOT_MEASURED), "Mark them, or say in this test what they are."


def test_marks_are_whole() -> None:
    assert README.count("<!-- figure:") == README.count("<!-- /figure -->") == len(MARKED.findall(README))


def test_every_figure_of_the_file_is_declared() -> None:
    report = the_report()
    assert {one.name for one in report.figures} <= set(ours_names())
    assert report.command and report.versions["torch"] and report.machine["processor"] and report.protocol


@pytest.mark.parametrize(
    ("said", "value", "unit", "right"),
    [
        ("1.64", 1.6449, "×", True),
        ("1.64", 1.651, "×", False),
        ("81.9 %", 0.8187, "%", True),
        ("81.9", 0.8187, "%", False),  # without its unit
        ("400 MB", 412.0, "MB", True),
        ("400 MB", 451.0, "MB", False),
        ("412 MB", 412.4, "MB", True),
        ("410 MB", 412.4, "MB", True),
        ("1,240 s", 1240.2, "s", True),
        ("−0.05", -0.0523, "", True),
        ("0.05", -0.0523, "", False),
        ("+0.033", 0.0334, "", True),
        ("150 ms", 150.0, "s", False),
        ("150", 149.6, "", True),
    ],
)
def test_what_agrees(said: str, value: float, unit: str, right: bool) -> None:
    assert agrees(said, value, unit) is right


def test_what_looks_measured() -> None:
    seen = ["takes 12 s", "81.9 % of", "0.3 ± 0.1", "400 MB for", "1.64 × a pass", "in 15 minutes"]
    assert all(MEASURED.search(one) for one in seen)
    assert not any(
        MEASURED.search(one) for one in ["Python 3.11 or newer", "of 2,000 texts", "up to 8 tokens", "127.0.0.1"]
    )


def test_an_end_of_an_interval_has_a_name() -> None:
    figure = Figure("a/b", "g", "r", "c", 2.0, 1.0, 3.0)
    report = Report("n", "ours", "quick", "c", "t", 1.0, (figure, replace(figure, name="alone", low=None, high=None)))
    assert value_of(report, "a/b.low") == (figure, 1.0) and value_of(report, "a/b") == (figure, 2.0)
    with pytest.raises(AssertionError, match="has no interval"):
        value_of(report, "alone.high")
    with pytest.raises(AssertionError, match="is not in"):
        value_of(report, "nobody")
