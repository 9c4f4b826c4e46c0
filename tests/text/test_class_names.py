"""Class names that cannot be told apart, or drawn, are refused in words."""

from __future__ import annotations

import pytest

from bcos_core.errors import DataError
from bcos_core.text.labels import LONGEST_CLASS, class_names

HIDDEN = "\u200b\ufeff\ufe0f\u00ad\u2800\u3164\u115f\u034f\u180b\U000e0100\ufffc\u0007\u007f"


@pytest.mark.parametrize("twin", [f"ne{character}g" for character in HIDDEN])
def test_names_that_look_the_same(twin: str) -> None:
    with pytest.raises(DataError, match=r"look the same and are not.*Write them alike"):
        class_names(["neg", "pos", twin], "label")


def test_accents_in_two_forms() -> None:
    with pytest.raises(DataError, match="look the same"):
        class_names(["caf\u00e9", "cafe\u0301"], "label")


def test_names_that_look_different_stay_apart() -> None:
    assert class_names(["Neg", "neg", "ne g", "é", "e"], "label") == ("e", "ne g", "Neg", "neg", "é")


def test_numbers_are_in_their_order() -> None:
    assert class_names(["10", "2.0", "0.5", "1.5"], "label") == ("0.5", "1.5", "2.0", "10")
    assert class_names(["1,5", "b", "-1", "1e1", "a"], "label") == ("-1", "1,5", "1e1", "a", "b")


def test_a_name_that_is_a_text() -> None:
    assert class_names(["a", "b" * LONGEST_CLASS], "label") == ("a", "b" * LONGEST_CLASS)
    with pytest.raises(DataError, match="has 201 characters .*at most 200.*choose the column that holds the class"):
        class_names(["a", "b" * (LONGEST_CLASS + 1)], "label")
