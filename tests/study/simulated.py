"""Answers of simulated raters as results read them, without a database."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bcos_core.study.assignment import SlotKind
from bcos_core.study.design import StudyDesign
from bcos_core.study.locked import LockedStudy
from bcos_core.study.participation import Part, Participation
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.results import COLUMNS, Answered
from bcos_core.study.simulate import material_of
from bcos_core.study.synthetic import synthetic_condition, synthetic_source, synthetic_study
from bcos_core.study.taste import Taste


def made_up(protocol: str, *methods: str, items: int = 24, **changes: Any) -> LockedStudy:
    """A locked study of made-up texts, with a condition for each method."""
    fields: dict[str, Any] = {
        "conditions": tuple(synthetic_condition(number, method) for number, method in enumerate(methods, 1)),
        "source": synthetic_source(items),
        "items_per_rater": items,
        "practice": 0,
        "instructed": 0,
        **changes,
    }
    return synthetic_study(StudyDesign("Made up", protocol=protocol, **fields))


def taste_for(locked: LockedStudy, preference: float | None = None, seed: int = 0) -> Taste:
    return PROTOCOLS[locked.design.protocol].taste_of(material_of(locked), preference, seed)


def answers_of(locked: LockedStudy, taste: Taste, raters: int) -> Answered:
    """Every rater answers every item in one cell, the cells in a Latin square over raters and items."""
    cells = locked.design.cells
    rows = []
    for arrival in range(raters):
        for place, item in enumerate(locked.of_kind("item")):
            cell = cells[(arrival + place) % len(cells)]
            for question, value in taste.values(arrival, item.id, cell).items():
                shown = (f"r{arrival}", arrival, SlotKind.ITEM.value, item.id, cell, place)
                rows.append((*shown, question, value, 1.0))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return Answered(frame, {}, Participation(dict.fromkeys(map(str, frame["rater"]), Part.COUNTS)))
