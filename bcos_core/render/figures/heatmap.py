"""A sheet as a figure for a paper: models as columns, methods as rows, words on their colours, dark on white."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from bcos_core.attribution.registry import is_signed
from bcos_core.numbers import number
from bcos_core.render.colour import mix
from bcos_core.render.drawing import drawn_runs, shared_legend, truncation_note
from bcos_core.render.figures import file
from bcos_core.render.figures.canvas import POINTS, Canvas
from bcos_core.render.figures.lines import Word, is_leftwards, lines_of, placed, width_of, words_of, words_of_runs
from bcos_core.render.palette import PAGE_BACKGROUND, PAGE_TEXT
from bcos_core.render.sheet import Panel, Sheet, change_line, head_lines, question
from bcos_core.render.sheet_notes import DOTTED, STRIP, WHISKER, bar_meaning, closing_notes, shared_scale
from bcos_core.tasks.registry import answer_type

WIDTH = 6.5
"""Inches: the text of a page."""
_COLUMN = 2.2  # inches that a model takes at least; more models make a wider figure
_TEXT = PAGE_TEXT["light"]
_QUIET, _LINE = (mix(PAGE_BACKGROUND["light"], _TEXT, share) for share in (0.75, 0.2))
_SIZE, _NOTE = 9.0, 7.0
_LEADING = {"background": 1.7, "bars": 2.9}  # lines of text, in sizes
_NAMES = 84.0  # the column of the methods' names, in points
_GAP = 14.0
_NARROW = 300.0  # points; below, a method's name stands over its row
_BAR = 6.0  # the longest bar under a word
_STRIP_WIDTH, _STEPS = 96.0, 32  # of the legend
_STRIP = 1.6  # the band under a word


def heatmap_file(sheets: Sequence[Sheet], kind: str, *, width: float | None = None) -> bytes:
    """The sheets as "svg", "pdf" (one a page) or "png", `width` inches wide: as the text of a page, or wider where many
    models need it.

    Raises:
        InputError: letters of which no font is there.
        ValueError: several sheets for a picture.
    """
    with file.drawing():
        if kind == "pdf":
            return file.pdf(draw_sheet(sheet, width) for sheet in sheets)
        (sheet,) = sheets
        return {"svg": file.svg, "png": file.png}[kind](draw_sheet(sheet, width))


def draw_sheet(sheet: Sheet, width: float | None = None) -> Figure:
    """The sheet as a Matplotlib figure; call it while `file.drawing` is held.

    Raises:
        InputError: letters of which no font is there.
    """
    wanted = max(WIDTH, _NAMES / POINTS + _COLUMN * len(sheet.models)) if width is None else width
    page = _Page(sheet, wanted * POINTS)
    page.heads()
    for row in range(len(sheet.rows)):
        page.row(row)
    page.foot()
    return page.canvas.figure(page.width, page.top + 2)


class _Page:
    """The drawing of one sheet, from top to bottom."""

    def __init__(self, sheet: Sheet, width: float) -> None:
        self.sheet, self.width, self.canvas, self.top = sheet, width, Canvas(), 2.0
        self.beside = width >= _NARROW
        begin = _NAMES + _GAP if self.beside else 0.0
        count = len(sheet.models)
        self.column = (width - begin - _GAP * (count - 1)) / count
        self.lefts = [begin + place * (self.column + _GAP) for place in range(count)]

    def heads(self) -> None:
        """Each model's name and answer, over a line."""
        bottoms = []
        for place, (left, name) in enumerate(zip(self.lefts, self.sheet.models, strict=True)):
            bottom = self._write(words_of(name, _SIZE, bold=True), left, self.column, self.top)
            for said in head_lines(self.sheet, place):
                bottom = self._write(words_of(said, _NOTE, quiet=True), left, self.column, bottom)
            bottoms.append(bottom)
        self.top = max(bottoms) + 3
        self.canvas.line((0, self.top, self.width, self.top), _LINE)

    def row(self, index: int) -> None:
        """A method: its name, and its panels beside each other."""
        row = self.sheet.rows[index]
        self.top += 5
        name = words_of(row.method, _NOTE + 1, bold=True)
        if not self.beside:
            self.top = self._write(name, 0, self.width, self.top)
        bottoms = [self._write(name, 0, _NAMES, self.top + 2)] if self.beside else []
        for place, (left, cell) in enumerate(zip(self.lefts, row.cells, strict=True)):
            bottoms.append(
                self._panel(cell, place)
                if isinstance(cell, Panel)
                else self._write(words_of(cell, _NOTE, quiet=True), left, self.column, self.top + 2)
            )
        self.top = max(bottoms) + 3

    def foot(self) -> None:
        """What the colours mean, and what a reader must know."""
        self.canvas.line((0, self.top, self.width, self.top), _LINE)
        self.top += 5
        kinds = {is_signed(panel.record.method) for _, _, panel in self.sheet.panels()}
        if not self._bars:
            for signed in sorted(kinds, reverse=True):
                self._strip(signed=signed)
        for said in _notes(self.sheet):
            self.top = self._write(words_of(said, _NOTE, quiet=True), 0, self.width, self.top)

    def _strip(self, *, signed: bool) -> None:
        """The colours from one end to the other; their meaning beside it, and their numbers where all share them."""
        record, scale = self.sheet.record, shared_scale(self.sheet) if signed else None
        kind = answer_type(record.task_type)
        before, after = shared_legend(record.target.title, kind, self.sheet.style, scale, signed=signed)["ends"]
        wide = [_length(text) for text in (before, after)]
        if sum(wide) + _STRIP_WIDTH > self.width:  # no room beside it
            self._shades(0.0, signed=signed)
            self.top = self._write(words_of(f"{before}; {after}", _NOTE, quiet=True), 0, self.width, self.top + 9)
            return
        self._write(words_of(before, _NOTE, quiet=True), 0, self.width, self.top)
        self._shades(wide[0], signed=signed)
        self._write(words_of(after, _NOTE, quiet=True), wide[0] + _STRIP_WIDTH + 6, self.width, self.top)
        self.top += _NOTE * 1.5

    def _shades(self, left: float, *, signed: bool) -> None:
        step = _STRIP_WIDTH / _STEPS
        for place in range(_STEPS):
            share = (place + 0.5) / _STEPS
            shade = self.sheet.style.palette.shade(2 * share - 1 if signed else share, "light").background
            self.canvas.rectangle(left + place * step, self.top + 1.5, step + 0.2, 6, shade)

    def _panel(self, panel: Panel, place: int) -> float:
        record, sheet, left = panel.record, self.sheet, self.lefts[place]
        runs = drawn_runs(record, sheet.style, panel.scale, sheet.struck)
        bottom = self._write(words_of_runs(runs, _SIZE), left, self.column, self.top, bars=self._bars)
        for said in _under(panel, place, sheet):
            bottom = self._write(words_of(said, _NOTE, quiet=True), left, self.column, bottom)
        return bottom

    @property
    def _bars(self) -> bool:
        return self.sheet.style.presentation == "bars"

    def _write(
        self, words: Sequence[Word | None], left: float, width: float, top: float, *, bars: bool = False
    ) -> float:
        """Words in lines below `top`; where the last line ends."""
        leftwards = is_leftwards(words)
        for line in lines_of(words, width):
            size = max((word.size for word in line), default=_SIZE)
            high = size * (_LEADING["bars"] if bars else _LEADING["background"] if _coloured(line) else 1.4)
            baseline = top + size * 1.15
            self._line(placed(line, width, leftwards=leftwards), left, baseline, bars=bars)
            top += high
        return top

    def _line(self, words: Sequence[Any], left: float, baseline: float, *, bars: bool) -> None:
        for one in words:
            word, at = one.word, left + one.left
            for first, last, unit in word.units:
                begin, end = _span(word, first, last)
                if last == len(word.text) and word.inside is unit and not bars:  # a sentence's colour has no holes
                    end += width_of(" ", word.size)
                self._unit(unit, at + begin, at + end, baseline, word.size, bars=bars)
            colour = _QUIET if word.quiet else _TEXT
            self.canvas.text(at, baseline, word.text, word.size, colour, bold=word.bold)
            for first, last, unit in word.units:
                if unit["struck"]:
                    begin, end = _span(word, first, last)
                    high = baseline - word.size * 0.3
                    self.canvas.line((at + begin, high, at + end, high), _TEXT, width=0.9)

    def _unit(
        self, unit: dict[str, Any], left: float, right: float, baseline: float, size: float, *, bars: bool
    ) -> None:
        """The colour behind a unit, with its band; or the bar under it, with its whisker."""
        band = unit["band"]
        low = baseline + size * 0.28
        if bars:
            zero = low + _BAR + 1
            height = abs(unit["strength"]) * _BAR
            self.canvas.line((left, zero, right, zero), _LINE)
            if unit["strength"] >= 0:
                self.canvas.rectangle(left + 0.5, zero - height, right - left - 1, height, _TEXT)
            else:
                self.canvas.rectangle(left + 0.5, zero, right - left - 1, height, _TEXT, hatch="//////")
            if band:
                middle = (left + right) / 2
                ends = (middle, zero - band["low"] * _BAR, middle, zero - band["high"] * _BAR)
                self.canvas.line(ends, _QUIET, width=1.2)
            return
        self.canvas.rectangle(left, baseline - size * 0.92, right - left, size * 1.2, unit["light"])
        if band:
            middle = (left + right) / 2
            self.canvas.rectangle(left, low + 0.5, middle - left, _STRIP, band["light"][0])
            self.canvas.rectangle(middle, low + 0.5, right - middle, _STRIP, band["light"][1])
            if band["unsettled"]:
                self.canvas.line((left, baseline + 1.3, right, baseline + 1.3), _TEXT, width=0.7, dotted=True)


def _length(text: str) -> float:
    """How long a sentence is in one line, with a little room behind it."""
    return sum(word.width + width_of(" ", word.size) for word in words_of(text, _NOTE) if word) + 4


def _coloured(line: Sequence[Word]) -> bool:
    return any(word.units for word in line)


def _span(word: Word, first: int, last: int) -> tuple[float, float]:
    """The left and right end of some letters of a word, in points from its left end."""
    begin, end = (width_of(word.text[:place], word.size) for place in (first, last))
    return (begin, end) if word.rightwards is not False else (word.width - end, word.width - begin)


def _under(panel: Panel, place: int, sheet: Sheet) -> list[str]:
    """What stands under a panel's text."""
    record = panel.record
    if record.failure is not None:
        return [f"Failed. {record.failure}"]
    said = [f"Adds to {number(record.sum)} of {number(record.logit)}."] if record.additive else []
    return said + [note for note in (change_line(sheet, place, panel), truncation_note(record)) if note]


def _notes(sheet: Sheet) -> list[str]:
    """The question, what bars mean, and what a reader must know."""
    bars = sheet.style.presentation == "bars"
    drawn = WHISKER if bars else f"{STRIP} {DOTTED}"
    return [question(sheet.record), *([bar_meaning(sheet)] if bars else []), *closing_notes(sheet, drawn=drawn)]
