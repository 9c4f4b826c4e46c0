"""What is on a Compare screen, as data: one text and one question, models as columns, methods as rows.

Every export draws a sheet, so that what is taken away is what was seen: the names, the grid, the scale, struck words
with the change that each panel predicts and the real one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcos_core.attribution.record import Attribution
from bcos_core.numbers import number
from bcos_core.render.drawing import ADDS_UP, Span, Style, before_and_after, prediction_bars, real_change
from bcos_core.render.methods import method_title
from bcos_core.render.palette import PALETTES
from bcos_core.render.pieces import Granularity, unit_scores
from bcos_core.render.scale import Scale, own_scale
from bcos_core.tasks.registry import answer_type
from bcos_core.text.token_names import with_signs

if TYPE_CHECKING:
    from bcos_core.attribution.strike import StrikeResult

FIRST_PALETTE = PALETTES["blue-orange"]


@dataclass(frozen=True)
class Panel:
    """A method on a model: its record under a scale, and what striking the sheet's words out does to the logit; None
    where nothing is struck."""

    record: Attribution
    scale: Scale
    change: StrikeResult | None = None


@dataclass(frozen=True)
class SheetRow:
    """A method by its title, and a cell for each model: a panel, or why there is none."""

    method: str
    cells: tuple[Panel | str, ...]


@dataclass(frozen=True)
class Sheet:
    """A screen. `models` are the names that people see; `struck` are the character spans of struck words; `notes` are
    what a reader must know before comparing the panels.

    Raises:
        ValueError: a row without a cell for each model, or no panel at all.
    """

    models: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    style: Style
    struck: tuple[Span, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if any(len(row.cells) != len(self.models) for row in self.rows):
            raise ValueError(f"A row needs a cell for each of {len(self.models)} models.")
        if not any(True for _ in self.panels()):
            raise ValueError("A sheet needs a panel.")

    def panels(self) -> Iterator[tuple[str, str, Panel]]:
        """Every panel with its method's title and its model's name, row by row."""
        for row in self.rows:
            for model, cell in zip(self.models, row.cells, strict=True):
                if isinstance(cell, Panel):
                    yield row.method, model, cell

    def column(self, index: int) -> Panel | None:
        """A panel of a model, which knows the model's answer; None where it has none."""
        return next((row.cells[index] for row in self.rows if isinstance(row.cells[index], Panel)), None)  # type: ignore[return-value]

    def real_change(self, index: int) -> Panel | None:
        """A panel whose real change is that of all of its model's panels: it can be said once. None where nothing is
        struck, or where methods replace the words by different references, so that the changes differ."""
        column = [cell for row in self.rows if isinstance(cell := row.cells[index], Panel) and cell.change is not None]
        if not column:
            return None
        found = [panel.change.logit for panel in column if panel.change is not None]
        return column[0] if max(found) - min(found) <= ADDS_UP * max(map(abs, found)) else None

    @property
    def record(self) -> Attribution:
        """One of the records: text and question are the same in all."""
        return next(self.panels())[2].record

    @property
    def struck_words(self) -> tuple[str, ...]:
        return tuple(self.record.text[start:end] for start, end in self.struck)


def sheet_of(*records: Attribution, granularity: Granularity = "word", style: Style | None = None) -> Sheet:
    """The sheet of records of one text: each method that they are of a row, each model a column, each panel under its
    own scale. Of several records of one method on one model, the last is shown.

    Raises:
        ValueError: no record, or several texts.
    """
    if len({record.text for record in records}) != 1:
        raise ValueError("A sheet is of one text.")
    style = style or Style(FIRST_PALETTE, granularity)
    models = tuple(dict.fromkeys(record.model for record in records))
    by_place = {(record.method, record.model): record for record in records}
    rows = tuple(
        SheetRow(
            method_title(method),
            tuple(
                Panel(found, own_scale(() if found.failed else unit_scores(found, style.granularity)))
                if (found := by_place.get((method, model)))
                else "Not computed."
                for model in models
            ),
        )
        for method in dict.fromkeys(record.method for record in records)
    )
    return Sheet(models, rows, style)


def question(record: Attribution) -> str:
    """What is explained, as a sentence."""
    explained = answer_type(record.task_type).explained
    if record.target.minus is None:
        return f"Explained: the {explained} of “{with_signs(record.target.label)}”."
    return f"Explained: {record.target.title}, the difference of the two logits."


def answer(record: Attribution) -> str:
    """What the model answers, with how sure it is of what is explained: "positive 0.93, negative 0.07"."""
    return ", ".join(f"{with_signs(bar['label'])} {bar['value']}" for bar in prediction_bars(record))


def head_lines(sheet: Sheet, index: int) -> list[str]:
    """What stands once under the name of the model in a column: its answer, and what striking the words out really
    does to it."""
    panel, struck = sheet.column(index), sheet.real_change(index)
    said = [answer(panel.record)] if panel is not None else []
    if struck is not None and struck.change is not None:
        said.append(real_change(struck.record, struck.change))
    return [line for line in said if line]


def change_line(sheet: Sheet, index: int, panel: Panel) -> str | None:
    """What a panel of the column predicts for the struck words; with the real change where that is not the same for
    all panels of the column. None where nothing is struck."""
    if panel.change is None:
        return None
    change = panel.change.predicted_change
    predicted = "No change is predicted" if change is None else f"Predicted change: {number(change, signed=True)}"
    if sheet.real_change(index) is not None:
        return f"{predicted}."
    real = number(panel.change.actual_change, signed=True)
    return f"{predicted}, real change: {real}. {before_and_after(panel.record, panel.change)}"
