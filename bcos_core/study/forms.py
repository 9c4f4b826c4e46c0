"""From a locked study to what assignment and the saving of answers need of it."""

from __future__ import annotations

from bcos_core.study.answer_form import AnswerForm
from bcos_core.study.locked import LockedStudy
from bcos_core.study.plan import Plan
from bcos_core.study.protocols import PROTOCOLS


def plan_of(study: str, locked: LockedStudy, *, extended_to: int | None = None) -> Plan:
    """Which items are shown as what, and to how many: as designed, or `extended_to` for each item."""
    design = locked.design
    return Plan(
        study=study,
        items=tuple(item.id for item in locked.of_kind("item")),
        cells=design.cells,
        items_per_rater=design.items_per_rater,
        raters_per_item=extended_to or design.raters_per_item,
        checks=tuple(item.id for kind in ("instructed", "random") for item in locked.of_kind(kind)),
        practice=tuple(item.id for item in locked.of_kind("practice")),
        seed=design.seed,
        comprehension=bool(design.comprehension),
    )


def form_of(locked: LockedStudy) -> AnswerForm:
    """What may be answered."""
    return PROTOCOLS[locked.design.protocol].form(locked)
