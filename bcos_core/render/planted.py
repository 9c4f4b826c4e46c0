"""Planted texts drawn: the words that decide in a box, and a strip of heat for each method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bcos_core.attribution.record import Token
from bcos_core.attribution.registry import METHODS
from bcos_core.lab.result import LabExample
from bcos_core.render.methods import method_title
from bcos_core.render.palette import Palette
from bcos_core.render.strips import strip_runs, touches
from bcos_core.text.units import word_units


def planted_strips(example: LabExample, palette: Palette) -> list[dict[str, Any]]:
    """One row for each method whose heat is kept, those that put the planted words highest first: `method`, `found`
    (the place of the highest planted word among all words, in words) and the text as `runs`.

    Runs are those of `bcos_core.render.strips`.
    """
    rows = []
    for method, heat in example.heat.items():
        words = _words(example.text, heat)
        place = _place(words, example.truth)
        rows.append(
            (
                place,
                {
                    "method": method_title(method),
                    "chance": method in METHODS and METHODS[method].chance,
                    "found": f"place {place} of {len(words)}",
                    "runs": strip_runs(example.text, words, example.truth, palette, what="planted"),
                },
            )
        )
    return [row for _, row in sorted(rows, key=lambda one: one[0])]


def _words(text: str, heat: Sequence[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """(start, end, sum of its tokens' scores) of each word that the model read."""
    units = word_units(text, tuple(Token("", start, end) for start, end, _ in heat))
    return [
        (unit.start, unit.end, sum(heat[position][2] for position in unit.positions))
        for unit in units
        if unit.positions
    ]


def _place(words: Sequence[tuple[int, int, float]], truth: Sequence[tuple[int, int]]) -> int:
    """Of the highest planted word, 1 for the first; equal scores in the order of the text, as the lab's rank has it."""
    ranked = sorted(words, key=lambda word: -word[2])
    return next((place for place, (start, end, _) in enumerate(ranked, 1) if touches(start, end, truth)), len(words))
