"""An option: what it takes, how that is said, and its flag."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from typing import Any

import pytest

from bcos_core.errors import InputError, UnknownNameError
from bcos_core.option import Option, add_flag, choice, misfits, options_of

SHARE = Option(0.1, "Share", "A share.", least=0.0, below=1.0)
RATE = Option(0.1, "Rate", "A rate.", above=0.0, most=0.5)
COUNT = Option(3, "Count", "How many.", least=1, most=2048)
SOME = Option(None, "Some", "How many.", least=16, kind=int, none="all")
SIDE = Option("left", "Side", "Which side.", choices=("left", "right"))
SURE = Option(True, "Sure", "Whether.")


@pytest.mark.parametrize(
    ("option", "taken", "refused"),
    [
        (SHARE, [0, 0.0, 0.999], [1.0, -0.1, math.nan, "0.5", True, None]),
        (RATE, [0.0001, 0.5], [0.0, 0.51, math.inf]),
        (COUNT, [1, 2048], [0, 2049, 1.5, False, "3"]),
        (SOME, [None, 16, 10**9], [15, "all"]),
        (SIDE, ["right"], ["up", None, 0]),
        (SURE, [True, False], [1, None, "yes"]),
    ],
)
def test_what_it_takes(option: Option, taken: list[Any], refused: list[Any]) -> None:
    assert all(option.fits(value) for value in taken)
    assert not any(option.fits(value) for value in refused)


def test_how_that_is_said() -> None:
    said = [option.expected for option in (SHARE, RATE, COUNT, SOME, SIDE, SURE)]
    assert said == [
        "a number from 0 to below 1",
        "a number above 0 and up to 0.5",
        "a whole number from 1 to 2,048",
        "a whole number from 16, or none for all",
        "one of left, right",
        "yes or no",
    ]


def test_text_becomes_a_value() -> None:
    assert COUNT.converted("count", "7") == 7 and type(COUNT.converted("count", "7")) is int
    assert SHARE.converted("share", "0.25") == 0.25 and SIDE.converted("side", "right") == "right"
    with pytest.raises(InputError, match="count is '7.5'; expected a whole number from 1 to 2,048"):
        COUNT.converted("count", "7.5")
    with pytest.raises(UnknownNameError, match="Known: left, right"):
        SIDE.converted("side", "up")


@dataclass(frozen=True)
class Walk:
    to: str
    steps: int = choice(3, "Steps", "How many.", least=1)
    sure_footed: bool = choice(True, "Sure", "Whether.")
    examples: int | None = choice(None, "Some", "At 100 % of them.", least=16, kind=int, none="all")


def test_fields_of_a_dataclass_are_its_options() -> None:
    assert Walk("here") == Walk("here", 3, True, None)
    assert {name: option.title for name, option in options_of(Walk).items()} == {
        "steps": "Steps",
        "sure_footed": "Sure",
        "examples": "Some",
    }
    assert not misfits(Walk("here"))
    assert list(misfits(Walk("here", 0, True, 3))) == ["steps", "examples"]


def test_flags() -> None:
    parser = argparse.ArgumentParser()
    for name, option in options_of(Walk).items():
        add_flag(parser, name, option, default=4 if name == "steps" else None)
    assert vars(parser.parse_args([])) == {"steps": 4, "sure_footed": None, "examples": None}
    given = parser.parse_args(["--steps", "9", "--no-sure-footed", "--examples=20"])
    assert vars(given) == {"steps": 9, "sure_footed": False, "examples": 20}
    said = parser.format_help()
    assert "how many (default: 4)" in said and "at 100 % of them" in said and "--sure-footed, --no-sure-footed" in said


@pytest.mark.parametrize("value", [10**400, -(10**400), float("inf"), float("nan")], ids=range(4))
def test_no_field_can_hold_these(value: float) -> None:
    for kind in (int, float):
        assert not Option(1, "One", "One.", kind=kind).fits(value)
