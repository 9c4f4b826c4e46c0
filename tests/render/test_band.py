"""What seeds leave open, against deviations worked out by hand (see `records.SEEDED`)."""

from __future__ import annotations

import csv
import io
import math
import re
from typing import Any

import pytest
from records import RECORD, SEEDED, record

from bcos_core.render.band import LONGEST, band_note
from bcos_core.render.csv_file import csv_file
from bcos_core.render.drawing import Style, drawn_runs, legend
from bcos_core.render.html import sheet_html
from bcos_core.render.palette import PALETTES
from bcos_core.render.pieces import Granularity
from bcos_core.render.scale import Scale
from bcos_core.render.sheet import Panel, Sheet, SheetRow, sheet_of
from bcos_core.render.table import record_table

PALETTE = PALETTES["blue-orange"]
SCALE = Scale(2.0, "rule")


def units(granularity: Granularity, shown: Any = SEEDED, scale: Scale = SCALE) -> list[dict[str, Any]]:
    runs = drawn_runs(shown, Style(PALETTE, granularity), scale)
    return [unit for run in runs if run["kind"] == "unit" for unit in run["units"]]


@pytest.mark.parametrize(
    ("granularity", "spreads"),
    [
        ("token", [1.0, 1.0, 0.75, 0.0]),
        ("word", [1.0, 0.25, 0.0]),
        # "Not bad." under each seed: −1.75, −1.0, −0.25
        ("sentence", [0.75]),
    ],
)
def test_a_unit_varies_as_the_sum_of_its_tokens_does(granularity: Granularity, spreads: list[float]) -> None:
    table = record_table(SEEDED, granularity)
    assert table[table["kind"] == granularity]["spread"].tolist() == pytest.approx(spreads)
    for unit, spread in zip(units(granularity, scale=Scale(4.0, "rule")), spreads, strict=True):
        assert unit["band"]["low"] == pytest.approx((unit["score"] - spread) / 4)
        assert unit["band"]["high"] == pytest.approx((unit["score"] + spread) / 4)


def test_the_number_says_how_far_it_varies_and_whether_its_sign_is_settled() -> None:
    word, bad, stop = units("word")
    assert word["tip"] == "+0.500 ± 1.00 over 3 seeds · supports positive, sign not settled"
    assert bad["label"] == "bad, −1.75 ± 0.250 over 3 seeds, speaks against positive"
    assert [unit["band"]["unsettled"] for unit in (word, bad, stop)] == [True, False, False]
    assert stop["tip"] == "+0.250 ± 0 over 3 seeds · supports positive"


def test_the_ends_of_a_band_have_the_colours_of_their_scores() -> None:
    bad = units("word")[1]["band"]  # −2.0 to −1.5 of 2
    assert bad["light"] == (PALETTE.shade(-1, "light").background, PALETTE.shade(-0.75, "light").background)
    assert bad["dark"] == (PALETTE.shade(-1, "dark").background, PALETTE.shade(-0.75, "dark").background)


def test_a_whisker_ends_before_the_next_line() -> None:
    (whole, *_) = drawn_runs(SEEDED, Style(PALETTE), Scale(0.1, "rule"))[1]["units"]
    assert (whole["band"]["low"], whole["band"]["high"]) == (-LONGEST, LONGEST)


def test_a_method_without_a_direction_has_no_band_below_zero() -> None:
    (word, *_) = units("word", record(method="attention", seeds=SEEDED.seeds, seed_scores=SEEDED.seed_scores))
    assert word["band"]["low"] == 0.0 and not word["band"]["unsettled"]
    assert word["tip"] == "0.500 ± 1.00 over 3 seeds · weight without a direction"


def test_the_legend_explains_the_band_where_there_is_one() -> None:
    note = legend(SEEDED, Style(PALETTE), SCALE)["band"]  # type: ignore[index]
    assert "one standard deviation over 3 seeds" in note and note.startswith("Strip")
    assert str(band_note(SEEDED, bars=True)).startswith("Whisker")
    assert band_note(RECORD) is None and units("word", RECORD)[0]["band"] is None
    assert "under one seed" in str(band_note(record(method="shapley", seeds=(0,))))


def test_the_table_has_the_deviations_and_a_file_of_it_too() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_file(record_table(SEEDED, "word")).decode("utf-8-sig"))))
    assert [(row["text"], row["spread"]) for row in rows] == [
        ("[CLS]", "0.0"),
        ("Not", "1.0"),
        ("bad", "0.25"),
        (".", "0.0"),
        ("[SEP]", "0.0"),
        ("reference", ""),
    ]
    assert "spread" not in record_table(RECORD, "word")


def test_a_saved_page_has_the_deviations_the_band_and_its_meaning() -> None:
    row = SheetRow("Shapley values", (Panel(SEEDED, SCALE),))
    page = sheet_html(Sheet(("tiny",), (row,), Style(PALETTE)))
    assert 'title="−1.75 ± 0.250 over 3 seeds · speaks against positive"' in page
    assert "one standard deviation over 3 seeds" in page and "seeds 0, 1, 2" in page
    classes = re.findall(r'<span class="(unit[^"]*)"[^>]*>([^<]*)<', page)
    assert classes == [("unit band unsettled", "Not"), ("unit band", "bad"), ("unit band", ".")]
    dark = PALETTE.shade(-1, "dark").background
    assert f"--low-dark:{dark}" in page
    assert "band" not in sheet_html(sheet_of(RECORD)).split("</style>")[1]


def test_json_has_the_scores_of_every_seed_and_their_deviation() -> None:
    data = SEEDED.to_dict()
    assert data["seed_scores"] == SEEDED.seed_scores
    assert data["spread"] == pytest.approx((0.0, 1.0, 1.0, 0.75, 0.0, 0.0))
    assert not any(math.isnan(value) for value in data["spread"])
