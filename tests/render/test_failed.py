"""A record that failed is said to have failed, and never drawn as zero."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest
from records import FAILED, RECORD, record

from bcos_core.cli.explain import show
from bcos_core.render.csv_file import csv_file
from bcos_core.render.drawing import Style, completeness_meter, drawn_runs, legend, prediction_bars
from bcos_core.render.html import sheet_html
from bcos_core.render.palette import PALETTES
from bcos_core.render.scale import own_scale
from bcos_core.render.sheet import sheet_of
from bcos_core.render.table import record_table

REASON = "The method gave scores that are not finite numbers for 1 of 6 tokens, the first of them “ba”."
STYLE = Style(PALETTES["blue-orange"])


def test_nothing_of_it_is_drawn_but_its_text() -> None:
    (run,) = drawn_runs(FAILED, STYLE, own_scale([]))
    assert (run["kind"], run["text"]) == ("gap", "Not bad.")
    assert legend(FAILED, STYLE, own_scale([])) is None and completeness_meter(FAILED) is None
    assert [bar["value"] for bar in prediction_bars(FAILED)] == ["0.38", "0.62"]  # the model did answer


def test_a_model_without_numbers_has_no_prediction() -> None:
    broken = record(logits=(math.nan, 0.3), probabilities=(math.nan, math.nan))
    assert prediction_bars(broken) == []
    assert "The model&#x27;s logits for this text are not finite" in sheet_html(sheet_of(broken))


@pytest.mark.parametrize("granularity", ["word", "token", "sentence"])
def test_a_saved_page_says_why_beside_a_panel_that_did_not_fail(granularity: str) -> None:
    sheet = sheet_of(FAILED, record(model="other"), granularity=granularity)  # type: ignore[arg-type]
    failed, other = sheet_html(sheet).split("<td data-model=")[1:]
    assert f"<strong>Failed.</strong> {REASON}" in failed
    assert "Not bad." in failed and 'class="unit' not in failed and "title=" not in failed
    assert "nan" not in failed.lower().replace(REASON.lower(), "") and "Adds to" not in failed
    assert 'class="unit' in other and "Failed" not in other


def test_the_table_leaves_no_zero_where_no_number_is() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_file(record_table(FAILED, "word")).decode("utf-8-sig"))))
    assert [(row["text"], row["score"], row["failure"]) for row in rows] == [
        ("[CLS]", "0.1", ""),
        ("Not", "0.5", ""),
        ("bad", "", REASON),
        (".", "0.25", ""),
        ("[SEP]", "0.2", ""),
        ("reference", "1.0", ""),
    ]
    assert "failure" not in record_table(RECORD, "word")


def test_json_says_why_and_has_null_for_the_score() -> None:
    data = json.loads(FAILED.to_json())
    assert data["failure"] == REASON and data["scores"] == [0.1, 0.5, None, 0.25, 0.25, 0.2]
    assert data["sum"] is None


def test_the_command_line_says_why() -> None:
    shown = show({"records": [FAILED.to_dict(), RECORD.to_dict()]}).split("\n\n")
    assert shown[0] == f"bcos on tiny: FAILED. {REASON}"
    assert "Not" in shown[1] and "FAILED" not in shown[1]
