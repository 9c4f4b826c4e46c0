"""A record as a rater sees it: nothing that is sent to the browser tells which method or model it is from.

Every heatmap has the same scale rule (full colour is its own largest absolute value), the same two-sided legend and
no numbers: sums, ranges, costs and names would give conditions away. Strengths are rounded to what the eye can tell,
and colours are the same light ones whatever a rater's browser prefers.
"""

from __future__ import annotations

from typing import Any

from bcos_core.attribution.record import Attribution
from bcos_core.numbers import probability
from bcos_core.render.drawing import truncation_note
from bcos_core.render.palette import Mode, Palette
from bcos_core.render.pieces import pieces, runs, unit_scores
from bcos_core.render.scale import own_scale
from bcos_core.study.statement import statement_of
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.tasks.task_type import TaskType

STEPS = 20  # strengths on each side
MODE: Mode = "light"  # for every rater, so that all judge the same colours
RULE = "Full colour is the strongest word of this text."


def blinded_panel(record: Attribution, palette: Palette, *, names_class: bool, coloured: bool = True) -> dict[str, Any]:
    """The text in words as runs, and the legend; without `coloured`, the plain text alone.

    A unit has `text`, `start`, `end`, its `strength` (−1 to 1), its `colour`, and a `label` that
    says the same in words. Tokens that the tokenizer added are left out: which there are depends on the model.
    """
    drawn = pieces(record, "word")
    scale = own_scale(unit_scores(record, "word"))
    kind = TASK_TYPES[record.task_type]
    answer = f"“{record.target.label}”" if names_class or not kind.target_tells else "the model’s answer"
    shown: list[dict[str, Any]] = []
    for run in runs(tuple(piece for piece in drawn if piece.kind != "added")):
        if run[0].kind != "unit":  # a heading has its words, and no share
            shown.append({"kind": run[0].kind, "text": run[0].text})
            continue
        units = []
        for piece in run:
            strength = round(scale.strength(piece.score or 0.0) * STEPS) / STEPS if coloured else 0.0
            units.append(
                {
                    "text": piece.shown,
                    "start": piece.start,
                    "end": piece.end,
                    "strength": strength,
                    "colour": palette.shade(strength, MODE).background,
                    "label": f"{piece.shown}, {_in_words(strength, answer, kind)}" if coloured else piece.shown,
                }
            )
        shown.append({"kind": "unit", "units": units})
    legend = {
        "ends": [f"{kind.verbs[1]} {answer}", f"{kind.verbs[0]} {answer}"],
        "colour": palette.css_gradient(MODE),
        "rule": RULE,
    }
    note = truncation_note(record)
    return {"runs": shown, "legend": legend if coloured else None, "notes": [note] if note else []}


def shown_answer(record: Attribution) -> dict[str, Any]:
    """What the model says about what is explained, and with which probability (None for a score), for protocols that
    show it."""
    said = statement_of(record)
    return {"label": said.words, "probability": None if said.probability is None else probability(said.probability)}


def _in_words(strength: float, answer: str, kind: TaskType) -> str:
    if strength == 0:
        return "no weight"
    size = abs(strength)
    degree = "strongly" if size > 2 / 3 else "moderately" if size > 1 / 3 else "weakly"
    return f"{degree} {kind.verbs[strength < 0]} {answer}"
