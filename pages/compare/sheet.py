"""The Compare screen, or one panel of it, as the sheet that every export draws."""

from __future__ import annotations

from bcos_core.errors import BcosError
from bcos_core.render.sheet import Panel, Sheet, SheetRow
from pages.compare.screen import Cell, Screen
from pages.widgets import resources
from pages.widgets.struck import struck_spans


def screen_sheet(screen: Screen) -> Sheet | None:
    """What is on the screen; None where no panel could be computed."""
    methods = zip(*(band.rows for band in screen.bands), strict=True)
    rows = [
        SheetRow(parts[0][0].method.title, tuple(_cell(screen, cell) for part in parts for cell in part))
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
    row = SheetRow(cell.method.title, (_panel(screen, cell),))
    return Sheet((cell.model.name,), (row,), screen.style, struck_spans(len(screen.text)))


def _cell(screen: Screen, cell: Cell) -> Panel | str:
    if not cell.possible:
        return cell.method.unsupported(is_bcos=cell.model.kind == "bcos") or ""
    try:
        return _panel(screen, cell)
    except BcosError as error:  # what its panel shows
        return str(error)


def _panel(screen: Screen, cell: Cell) -> Panel:
    record, spans = screen.record(cell), struck_spans(len(screen.text))
    change = resources.struck(cell.model, record, spans) if spans and not record.failed else None
    return Panel(record, screen.scale(cell), change)
