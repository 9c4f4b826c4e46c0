"""What stands around a sheet in every kind of file: the meaning of the colours, of ± and of a scale, each said once."""

from __future__ import annotations

from collections.abc import Iterable

from bcos_core.attribution.record import Attribution
from bcos_core.attribution.registry import METHODS, is_signed
from bcos_core.numbers import count
from bcos_core.render.drawing import quantity
from bcos_core.render.scale import Scale
from bcos_core.render.sheet import Panel, Sheet
from bcos_core.tasks.registry import answer_type

# How the deviation over seeds is drawn, after the sentence that says what it is.
STRIP = "Strip under a word: from one end of that to the other."
WHISKER = "Whisker of a bar: from one end of that to the other."
DOTTED = "Dotted: zero lies within it, so the sign is not settled."


def meaning(sheet: Sheet, supports: str, against: str) -> str:
    """What the two marks do to what is explained: "Blue supports “positive”, orange speaks against it."."""
    positive, negative = answer_type(sheet.record.task_type).verbs
    title = sheet.record.target.title
    quoted = title if "“" in title else f"“{title}”"  # a token with white space at an end has its quotes
    return f"{supports[:1].upper()}{supports[1:]} {positive} {quoted}, {against} {negative} it."


def colour_meaning(sheet: Sheet) -> str:
    palette = sheet.style.palette
    return meaning(sheet, palette.supports_name, palette.against_name)


def bar_meaning(sheet: Sheet) -> str:
    """The same of bars below words."""
    return meaning(sheet, "a solid bar", "a striped one")


def shared_scale(sheet: Sheet) -> Scale | None:
    """The scale of all panels whose method has a direction; None where they differ, or there is none such."""
    scales = {panel.scale for panel in _drawn(sheet) if is_signed(panel.record.method)}
    return next(iter(scales)) if len(scales) == 1 else None


def closing_notes(sheet: Sheet, *, colours: bool = True, drawn: str = "") -> list[str]:
    """What a reader must know of scales, methods and seeds, and the sheet's own notes. `colours`: whether there are
    any; `drawn` says how a deviation is drawn, where it is."""
    said = list(dict.fromkeys(panel.scale.rule for panel in _drawn(sheet))) if colours else []
    unsigned = dict.fromkeys(name for name, panel in _named(sheet) if not is_signed(panel.record.method))
    said += [f"{name}: weight without a direction." for name in unsigned]
    free = dict.fromkeys(name for name, panel in _named(sheet) if not panel.record.additive)
    said += [f"{', '.join(free)}: the values need not add up to the {quantity(sheet.record)}."] if free else []
    return [*said, *_seed_notes(sheet, drawn), *sheet.notes]


def parameters(record: Attribution) -> str:
    """What a method was told: "reference mask, steps 50, seeds 0, 1, 2"; "" for nothing."""
    parts = [f"{name} {value}" for name, value in record.parameters.items()]
    return ", ".join([*parts, *([f"seeds {', '.join(map(str, record.seeds))}"] if record.seeds else [])])


def _seed_notes(sheet: Sheet, drawn: str) -> list[str]:
    """What ± is: of which number, over how many seeds of which methods; and which methods had a single draw."""
    several: dict[int, dict[str, None]] = {}
    once: dict[str, None] = {}
    for name, panel in _named(sheet):
        record = panel.record
        if record.seed_scores:
            several.setdefault(len(record.seeds), {})[name] = None
        elif record.method in METHODS and METHODS[record.method].stochastic:
            once[name] = None
    said = [
        f"{', '.join(names)}: each {sheet.style.granularity} has its mean ± one standard deviation over "
        f"{count(seeds, 'seed')} of the method’s random draws."
        for seeds, names in several.items()
    ]
    if several and drawn:
        said.append(drawn)
    if once:
        said.append(f"{', '.join(once)}: drawn at random under one seed; another gives other values.")
    return said


def _named(sheet: Sheet) -> Iterable[tuple[str, Panel]]:
    return ((name, panel) for name, _, panel in sheet.panels() if not panel.record.failed)


def _drawn(sheet: Sheet) -> list[Panel]:
    return [panel for _, panel in _named(sheet)]
