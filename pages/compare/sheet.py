"""The Compare screen, or one panel of it, as the sheet that every export draws."""

from __future__ import annotations

from collections.abc import Callable

from bcos_core.errors import BcosError
from bcos_core.render.scale import Scale
from bcos_core.render.sheet import Panel, Sheet, SheetRow
from pages.compare.screen import Cell, Screen
from pages.widgets import resources
from pages.widgets.struck import struck_spans


def screen_sheet(screen: Screen, scale: Callable[[Cell], Scale] | None = None) -> Sheet | None:
    """What is on the screen, each panel under the screen's own scale where no other `scale` is given; None where no
    panel could be computed."""
    scale = scale or screen.scale
    methods = zip(*(band.rows for band in screen.bands), strict=True)
    rows = [
        SheetRow(parts[0][0].method.title, tuple(_cell(screen, cell, scale) for part in parts for cell in part))
        for parts in methods
    ]
    shown = tuple(row for row in rows if any(isinstance(cell, Panel) for cell in row.cells))
    if not shown:
        return None
    models = tuple(model.name for model in screen.models)
    return Sheet(models, shown, screen.style, struck_spans(len(screen.text)), tuple(screen.differences()))


def panel_sheet(screen: Screen, cell: Cell) -> Sheet:
    """One panel as it is on the screen.

    Raises:
        BcosError: it cannot be computed.
    """
    row = SheetRow(cell.method.title, (_panel(screen, cell, screen.scale),))
    return Sheet((cell.model.name,), (row,), screen.style, struck_spans(len(screen.text)))


def _cell(screen: Screen, cell: Cell, scale: Callable[[Cell], Scale]) -> Panel | str:
    if not cell.possible:
        return (
            cell.method.unsupported(
                is_bcos=cell.model.kind == "bcos", family=cell.model.family, answers=cell.model.task_type
            )
            or ""
        )
    try:
        return _panel(screen, cell, scale)
    except BcosError as error:  # what its panel shows
        return str(error)


def _panel(screen: Screen, cell: Cell, scale: Callable[[Cell], Scale]) -> Panel:
    record, spans = screen.record(cell), struck_spans(len(screen.text))
    change = resources.struck(cell.model, record, spans) if spans and not record.failed else None
    return Panel(record, scale(cell), change)
