"""Squares, by their definitions."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from bcos_core.errors import StudyError
from bcos_core.study.orders import latin_square, williams_rows

SIZES = range(1, 12)


@pytest.mark.parametrize("n", SIZES)
def test_each_treatment_stands_once_in_each_row_and_column_of_a_latin_square(n: int) -> None:
    square = latin_square(n)
    everything = list(range(n))
    assert [sorted(row) for row in square] == [everything] * n
    assert [sorted(column) for column in zip(*square, strict=True)] == [everything] * n


@pytest.mark.parametrize("n", SIZES)
def test_williams_rows_are_balanced_for_position_and_for_what_came_before(n: int) -> None:
    rows = williams_rows(n)
    squares = 2 if n % 2 and n > 1 else 1
    assert len(rows) == squares * n
    assert all(sorted(row) == list(range(n)) for row in rows)
    for position in range(n):
        assert Counter(row[position] for row in rows) == dict.fromkeys(range(n), squares)
    neighbours = Counter(pair for row in rows for pair in itertools.pairwise(row))
    assert neighbours == {(one, other): squares for one in range(n) for other in range(n) if one != other}


def test_the_square_of_four_is_the_published_one_up_to_the_names_of_treatments() -> None:
    # Williams's design for four treatments, as in textbooks: ABDC, BCAD, CDBA, DACB.
    published = {"ABDC", "BCAD", "CDBA", "DACB"}
    names = {0: "A", 3: "B", 1: "D", 2: "C"}  # read off the first row
    assert {"".join(names[treatment] for treatment in row) for row in williams_rows(4)} == published


@pytest.mark.parametrize("n", [0, -1])
def test_no_treatments(n: int) -> None:
    with pytest.raises(StudyError, match="at least one"):
        latin_square(n)
    with pytest.raises(StudyError, match="at least one"):
        williams_rows(n)
