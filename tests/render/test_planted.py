"""Planted texts: words from the scores of their tokens, the box, the place of the planted word; text stays text."""

from __future__ import annotations

from bcos_core.lab.result import LabExample
from bcos_core.render.palette import PALETTES
from bcos_core.render.planted import planted_strips

TEXT = "a pelican <b>flew</b> by"
#       0123456789
PALETTE = PALETTES["blue-orange"]


def example(**heat: tuple[tuple[int, int, float], ...]) -> LabExample:
    return LabExample("m", TEXT, 1, ((2, 9),), heat)


def test_words_are_sums_of_their_tokens_and_the_planted_one_is_boxed() -> None:
    # "pelican" is two tokens, +0.5 and +0.25; "a" +1; "by" −2; what lies between was not read.
    (row,) = planted_strips(example(bcos=((0, 1, 1.0), (2, 5, 0.5), (5, 9, 0.25), (22, 24, -2.0))), PALETTE)
    words = {run["text"]: run for run in row["runs"] if "tip" in run}
    assert {text: run["tip"] for text, run in words.items()} == {
        "a": "+1.00",
        "pelican": "+0.750, planted",
        "by": "−2.00",
    }
    assert [text for text, run in words.items() if run["marked"]] == ["pelican"]
    assert "".join(run["text"] for run in row["runs"]) == TEXT
    assert row["found"] == "place 2 of 3" and row["method"] == "B-cos contributions"
    # Full colour is the largest absolute value of the row.
    assert words["by"]["light"] == PALETTE.shade(-1.0, "light").background
    assert words["a"]["dark"] == PALETTE.shade(0.5, "dark").background


def test_rows_stand_by_the_place_of_the_planted_word() -> None:
    last, first = ((0, 1, 1.0), (2, 9, -1.0), (22, 24, 0.5)), ((0, 1, 0.0), (2, 9, 1.0), (22, 24, 0.5))
    rows = planted_strips(example(random=last, saliency=first), PALETTE)
    assert [(row["method"], row["found"], row["chance"]) for row in rows] == [
        ("Saliency", "place 1 of 3", False),
        ("Random", "place 3 of 3", True),
    ]


def test_a_method_that_says_nothing_finds_nothing_by_luck() -> None:
    (row,) = planted_strips(example(saliency=((0, 1, 0.0), (2, 9, 0.0), (22, 24, 0.0))), PALETTE)
    assert row["found"] == "place 2 of 3"  # equal scores: the order of the text
    assert {run["light"] for run in row["runs"] if "tip" in run} == {PALETTE.shade(0.0, "light").background}
