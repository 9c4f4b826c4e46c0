"""The colour of each method, the same in every chart; readable on white and on black."""

from __future__ import annotations

from bcos_core.attribution.registry import METHODS

CHANCE = "#8c8c8c"
_COLOURS = (
    "#12908e",  # B-cos
    "#c2703d",
    "#4f7fd1",
    "#a0629f",
    "#b3923b",
    "#6f8f3f",
    "#d1607a",
    "#5b6fb5",
    "#3f9a63",
    "#a3765b",
    "#8a7fb0",
    "#6d9cb3",
)


def method_colour(name: str) -> str:
    """A method's colour; grey for chance and for one that is not registered."""
    if name not in METHODS or METHODS[name].chance:
        return CHANCE
    return _COLOURS[list(METHODS).index(name) % len(_COLOURS)]


def method_title(name: str) -> str:
    """A method's name for a person."""
    return METHODS[name].title if name in METHODS else name
