"""A text broken into lines: what is on the screen as runs, measured in the letters of a figure, word by word.

Words are put from left to right, in a text whose first letters are Hebrew or Arabic from right to left; a stretch of
words of the other direction keeps its own order within a line. Letters within a word are joined by Matplotlib.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from matplotlib.textpath import text_to_path

from bcos_core.render.figures.fonts import font
from bcos_core.render.printable import printable

Unit = dict[str, Any]
_SMALL = 0.72  # of the size: tokens that the tokenizer added


@dataclass(frozen=True)
class Word:
    """Letters that no line break parts. `units` are (first letter, end, unit of the drawing) of what is coloured;
    `quiet` is grey; `space` is whether white space follows, `inside` the unit that this space belongs to."""

    text: str
    size: float
    units: tuple[tuple[int, int, Unit], ...] = ()
    quiet: bool = False
    bold: bool = False
    space: bool = False
    inside: Unit | None = None

    @property
    def width(self) -> float:
        return width_of(self.text, self.size, bold=self.bold)

    @property
    def rightwards(self) -> bool | None:
        """Whether it is read from left to right; None where it has no letters that say so."""
        for character in self.text:
            kind = unicodedata.bidirectional(character)
            if kind in ("L", "R", "AL"):
                return kind == "L"
        return None


@dataclass(frozen=True)
class Placed:
    """A word with its left end, in points from the line's left end."""

    word: Word
    left: float


@lru_cache(maxsize=8192)
def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """The advance of a text in points.

    Raises:
        InputError: no font on this machine has some of the letters.
    """
    return float(text_to_path.get_text_width_height_descent(text, font(text, size, bold=bold), ismath=False)[0])


def words_of_runs(runs: Sequence[dict[str, Any]], size: float) -> list[Word | None]:
    """The runs of `drawing.drawn_runs` as words; None where a line ends."""
    words: list[Word | None] = []
    for run in runs:
        if run["kind"] == "unit":
            words += _of_units(run["units"], size)
        elif run["kind"] == "heading":
            words += [None, *words_of(f"{run['text']} · {run['share']}", size, bold=True), None]
        elif run["kind"] == "added":
            if words and words[-1] is not None:
                words[-1] = replace(words[-1], space=True)
            words.append(Word(printable(run["text"]), _SMALL * size, quiet=True, space=True))
        else:
            words = _with_gap(words, run, size)
    return _without_empty_ends(words)


def words_of(text: str, size: float, *, quiet: bool = False, bold: bool = False) -> list[Word | None]:
    """A plain sentence as words."""
    return [Word(part, size, quiet=quiet, bold=bold, space=True) for part in printable(text).split()]


def _of_units(units: Sequence[Unit], size: float) -> list[Word]:
    """Units that touch, as words: split where one has white space in it, as a sentence has."""
    words: list[Word] = []
    text, parts = "", []
    for unit in units:
        for piece in re.findall(r"\S+|\s+", printable(unit["text"])):
            if not piece.isspace():
                parts.append((len(text), len(text) + len(piece), unit))
                text += piece
            elif text:
                words.append(Word(text, size, tuple(parts), space=True, inside=unit))
                text, parts = "", []
    return [*words, Word(text, size, tuple(parts))] if text else words


def _with_gap(words: list[Word | None], run: dict[str, Any], size: float) -> list[Word | None]:
    """Text between units: white space ends a word, a line's end a line; letters that no unit has are plain."""
    for part in re.findall(r"\n|[^\S\n]+|\S+", run["text"]):
        if part == "\n":
            words.append(None)
        elif part.isspace():
            if words and words[-1] is not None:
                words[-1] = replace(words[-1], space=True)
        else:
            words.append(Word(printable(part), size, quiet=run["kind"] == "cut"))
    return words


def _without_empty_ends(words: list[Word | None]) -> list[Word | None]:
    while words and words[0] is None:
        words = words[1:]
    while words and words[-1] is None:
        words = words[:-1]
    return words


def lines_of(words: Sequence[Word | None], width: float) -> list[list[Word]]:
    """The words in lines that are no wider than `width` points. A word that is wider by itself is parted."""
    lines: list[list[Word]] = [[]]
    used = 0.0
    for word in words:
        if word is None:
            lines.append([])
            used = 0.0
            continue
        for part in _fitting(word, width):
            # A word that touches the one before it goes with it only where there is room.
            if lines[-1] and used + part.width > width:
                lines.append([])
                used = 0.0
            lines[-1].append(part)
            used += part.width + (width_of(" ", part.size) if part.space else 0.0)
    return lines


def _fitting(word: Word, width: float) -> list[Word]:
    if word.width <= width or len(word.text) < 2:
        return [word]
    length = len(word.text) - 1
    while length > 1 and width_of(word.text[:length], word.size, bold=word.bold) > width:
        length -= 1
    head = replace(word, text=word.text[:length], units=_cut(word.units, 0, length), space=False, inside=None)
    rest = replace(word, text=word.text[length:], units=_cut(word.units, length, len(word.text)))
    return [head, *_fitting(rest, width)]


def _cut(units: tuple[tuple[int, int, Unit], ...], first: int, last: int) -> tuple[tuple[int, int, Unit], ...]:
    return tuple(
        (max(start, first) - first, min(end, last) - first, unit)
        for start, end, unit in units
        if start < last and first < end
    )


def is_leftwards(words: Sequence[Word | None]) -> bool:
    """Whether a text is read from right to left: its first letters say so."""
    told = (word.rightwards for word in words if word is not None and not word.quiet)
    return next((one is False for one in told if one is not None), False)


def placed(line: Sequence[Word], width: float, *, leftwards: bool) -> list[Placed]:
    """The words of a line in their places; a line that is read from right to left ends at `width`."""
    if not line:
        return []
    directions = _directions(line, leftwards=leftwards)
    runs: list[list[int]] = []
    for place in range(len(line)):
        if runs and directions[runs[-1][-1]] == directions[place]:
            runs[-1].append(place)
        else:
            runs.append([place])
    # UAX #9, L2, with words for characters: within a run by its direction, the runs by that of the text.
    ordered = runs[::-1] if leftwards else runs
    seen = [place for run in ordered for place in (run if directions[run[0]] else run[::-1])]
    gaps = [_gap(line, place, after) for place, after in zip(seen, [*seen[1:], seen[-1]], strict=True)]
    total = sum(line[place].width for place in seen) + sum(gaps)
    left = max(0.0, width - total) if leftwards else 0.0
    found = []
    for place, gap in zip(seen, gaps, strict=True):
        found.append(Placed(line[place], left))
        left += line[place].width + gap
    return found


def _gap(line: Sequence[Word], place: int, after: int) -> float:
    """The room between two words that stand side by side: that of the space after the one which is read first."""
    if place == after:
        return 0.0
    first = line[min(place, after)]
    return width_of(" ", first.size) if first.space or abs(place - after) > 1 else 0.0


def _directions(line: Sequence[Word], *, leftwards: bool) -> list[bool]:
    """Whether each word is read from left to right; one that does not say goes with its neighbours where these agree,
    else with the text."""
    known = [word.rightwards for word in line]
    found = []
    for place, one in enumerate(known):
        before = next((other for other in reversed(known[:place]) if other is not None), not leftwards)
        after = next((other for other in known[place + 1 :] if other is not None), not leftwards)
        found.append(one if one is not None else before if before == after else not leftwards)
    return found
