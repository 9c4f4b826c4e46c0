"""Numbers as a person would write them down."""

from __future__ import annotations

import pytest

from bcos_core.numbers import count, duration, elapsed, file_size, number, percent, probability


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (2.314, "2.31"),
        (-0.04234, "−0.0423"),
        (999.6, "1,000"),
        (12.345, "12.3"),
        (0.0, "0"),
        (-0.0, "0"),
        (2.4e-7, "2.4 × 10⁻⁷"),
        (-3e-9, "−3 × 10⁻⁹"),
        (9.99e-4, "1 × 10⁻³"),
        (float("nan"), "–"),
        (float("-inf"), "−∞"),
    ],
)
def test_three_significant_digits_and_a_true_minus(value: float, written: str) -> None:
    assert number(value) == written


def test_a_sign_where_the_sign_is_the_message() -> None:
    assert [number(value, signed=True) for value in (0.5, -0.5, 0.0)] == ["+0.500", "−0.500", "0"]


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.934, "0.93"), (1.0, "> 0.99"), (0.0, "< 0.01"), (0.9987, "> 0.99"), (0.0012, "< 0.01"), (0.995, "> 0.99")],
)
def test_a_probability_is_never_rounded_to_certainty(value: float, written: str) -> None:
    assert probability(value) == written


def test_times_and_counts_have_their_units() -> None:
    assert [duration(seconds) for seconds in (40, 200, 180, 7500)] == ["40 s", "3 min 20 s", "3 min", "2 h 5 min"]
    assert [elapsed(seconds) for seconds in (0.0184, 1.236, 0.0001)] == ["18 ms", "1.24 s", "1 ms"]
    assert [count(1, "word"), count(1066, "text"), count(2, "class", "classes")] == [
        "1 word",
        "1,066 texts",
        "2 classes",
    ]
    assert (percent(0.8194), percent(0.8194, decimals=0)) == ("81.9 %", "82 %")


@pytest.mark.parametrize(
    ("n", "written"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (812, "812 bytes"),
        (4_200, "4.2 kB"),
        (10_000, "10 kB"),
        (250_000, "250 kB"),
        (999_499, "999 kB"),
        (999_999, "1 MB"),
        (88_345_678, "88.3 MB"),
        (1_234_567_890, "1.23 GB"),
        (5 * 10**15, "5,000 TB"),
    ],
)
def test_no_file_is_of_no_size(n: int, written: str) -> None:
    assert file_size(n) == written
