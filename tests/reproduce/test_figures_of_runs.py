"""Figures, what changed between two runs, and the files of a run: by hand."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from pathlib import Path

import pytest

from bcos_core.errors import InputError
from bcos_core.home import Home
from bcos_core.reproduce.changes import changes, only_in
from bcos_core.reproduce.figure import Figure, Found, Place, Sample
from bcos_core.reproduce.report import Report, list_reports, load_report, load_samples, save_report
from bcos_core.reproduce.written import FORMATS, group_table, report_files
from bcos_core.storage.listing import LeftOut
from bcos_core.tasks.estimates import proportion

PLACE = Place("paper/x/bcos/naopc", "Explanations: x", "B-cos · faithful", "NAOPC", better="higher")


def report(*figures: Figure, **more: object) -> Report:
    made = Report(
        "20261127-1",
        "paper",
        "quick",
        "python -m bcos_core reproduce paper",
        "2026-11-27T20:00:00+00:00",
        61.0,
        figures,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def test_a_sample_has_the_items_that_every_seed_has() -> None:
    sample = Sample.of([{"a": 1.0, "b": 2.0, "c": 3.0}, {"b": 4.0, "c": 6.0}])
    assert sample.items == ("b", "c") and sample.table == ((2.0, 3.0), (4.0, 6.0))
    assert sample.estimate.mean == 3.75
    gap = sample.minus(Sample(("c", "d"), ((1.0, 9.0), (2.0, 9.0))))
    assert gap.items == ("c",) and gap.table == ((2.0,), (4.0,))


def test_figures_of_each_kind() -> None:
    assert PLACE.mean(Sample((), ()), "texts") is None
    share = replace(PLACE, unit="%").share(0.75, 40, "texts").figure
    wilson = proportion(0.75, 40)
    assert (share.low, share.high) == (wilson.low, wilson.high) and share.in_words.startswith("75.0 % [")
    median = PLACE.median([1.0, 5.0, 2.0, 2.5, 2.25], "repetitions").figure
    assert median.value == 2.25 and median.low is not None and 1.0 <= median.low <= 2.25
    alone = replace(PLACE, unit="s").alone(12.345).figure
    assert alone.in_words == "12.3 s" and not alone.has_interval


def test_changes_are_paired_where_both_runs_have_the_texts() -> None:
    before = Sample(("a", "b", "c"), ((0.0, 10.0, 20.0),))
    now = Sample(("b", "c", "d"), ((11.0, 22.0, 99.0),))
    found = [PLACE.mean(sample, "texts") for sample in (now, before)]
    assert found[0] is not None and found[1] is not None
    name = PLACE.name
    (change,) = changes(report(found[0].figure), report(found[1].figure), {name: now}, {name: before})
    assert change.paired and change.difference.n == 2 and change.difference.mean == 1.5  # (1 + 2) / 2
    assert change.is_better and change.shown


def test_independent_changes_by_hand() -> None:
    now = Figure("n", "g", "r", "c", 3.0, 2.4, 3.6, better="lower")
    before = Figure("n", "g", "r", "c", 2.0, 1.2, 2.8, better="lower")
    (change,) = changes(report(now), report(before), {}, {})
    assert not change.paired and change.difference.mean == 1.0
    assert change.difference.low == pytest.approx(0.0) and change.difference.high == pytest.approx(2.0)  # 0.6, 0.8: 1
    assert change.is_better is False
    (once,) = changes(report(replace(now, low=None, high=None)), report(before), {}, {})
    assert math.isnan(once.difference.low) and once.shown is None


def test_the_same_models_do_not_differ() -> None:
    sample = Sample(("a", "b"), ((1.0, 2.0), (3.0, 5.0)))
    found = PLACE.mean(sample, "texts")
    assert found is not None
    (change,) = changes(report(found.figure), report(found.figure), {PLACE.name: sample}, {PLACE.name: sample})
    assert change.difference.mean == 0.0 and change.shown is None and change.is_better is None


def test_other_units_are_no_change_and_figures_of_one_run_are_named() -> None:
    one, other = Figure("n", "g", "r", "c", 3.0, unit="s"), Figure("n", "g", "r", "c", 3000.0, unit="ms")
    assert changes(report(one), report(other), {}, {}) == []
    alone = Figure("m", "g", "r", "c", 1.0)
    assert only_in(report(one, alone), report(other)) == [alone]


def test_a_run_is_kept_and_read_again(home: Home) -> None:
    sample = Sample(("a", "b"), ((1.0, 2.0),))
    found = PLACE.mean(sample, "texts")
    assert found is not None
    made = report(found.figure, left_out=(LeftOut("IMDB", "No hub."),), protocol=("One <seed>.",))
    save_report(made, [found], home.create().reproductions / made.name, report_files(made))
    assert load_report(home.reproductions / made.name) == made
    assert load_samples(home.reproductions / made.name) == {PLACE.name: sample}
    (home.reproductions / "broken").mkdir()
    listing = list_reports(home.reproductions)
    assert [one.name for one in listing] == [made.name] and [one.name for one in listing.left_out] == ["broken"]
    with pytest.raises(InputError, match="no file"):
        load_report(Path(home.reproductions / "broken"))


def test_files_say_what_is_left_out_and_escape_what_is_text() -> None:
    figure = Figure("n", "<b>", "r | s", "c", 0.5, 0.25, 0.75, "%", n=10, of="texts")
    made = report(
        figure,
        replace(figure, name="m", column="d", row="t", low=None, high=None),
        left_out=(LeftOut("RoBERTa", "It comes from the hub."),),
        protocol=("a < b",),
        machine={"cores": "2 cores"},
        versions={"torch": "2.13.0"},
    )
    table = group_table(made, "<b>")
    assert table.values.tolist() == [["r | s", "50.0 % [25.0 %, 75.0 %]", ""], ["t", "", "50.0 %"]]
    html, markdown = FORMATS["html"](made).decode(), FORMATS["md"](made).decode()
    assert "<h2>&lt;b&gt;</h2>" in html and "a &lt; b" in html and "<script" not in html
    assert "r \\| s" in markdown
    for text in (html, markdown):
        assert "RoBERTa is left out. It comes from the hub." in text
        assert "2 cores" in text and "2.13.0" in text and "1 min 1 s" in text
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"](made).decode("utf-8-sig"))))
    assert [row["value"] for row in rows] == ["0.5", "0.5"] and rows[1]["low"] == ""
    assert set(report_files(made)) == {"figures.md", "figures.csv", "figures.html"}


def test_found_without_a_sample_is_a_figure_alone() -> None:
    assert Found(Figure("n", "g", "r", "c", 1.0)).sample is None
