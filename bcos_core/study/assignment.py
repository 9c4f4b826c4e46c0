"""Which item a rater gets next, and as what: pure, and the same for the same seed, arrival and history.

One slot is given at a time, so that a rater who leaves leaves at most one open slot.

What is guaranteed. For one item let a(c) be its slots in cell c that are answered or open, M = max a, and
D = Σ_c max(0, M − 1 − a(c)): the slots that are missing until the cells differ by at most one. Then

1. max a − min a ≤ 1 + D: the least-filled cell alone has M − 1 − min a of D.
2. A slot that is given goes to a least-filled cell. If D > 0, that cell is below M − 1: M stays, D falls by one. If
   D = 0, it was at M − 1, or all were at M: D stays 0.
3. A slot that is released lowers one a(c) by one. If M stays, D rises by at most one. If M falls with it, no term
   of D rises.
4. So D ≤ debt, where debt rises by one with each release and falls by one, not below 0, with each slot given.
5. An item gets no slot beyond `raters_per_item`, and its room (what it still lacks) is never below D: a release adds
   one to the room; a slot given takes one from it, and one from D where D > 0. So D can always be made good.

Hence the cells of an item differ by at most one after any prefix of arrivals and answers without releases; after
releases by at most one plus the slots released and not yet given again, and this is gone after as many further slots
of the item. Answered slots alone are a(c) less the open ones: they differ by at most 1 + D + the most open slots
that a cell of the item has.

What is aimed at: a rater's own order of cells (`order_of`). Where the balance asks for another cell, it has its way,
and the rater gets the one that was put off at the next occasion.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bcos_core.study.orders import williams_rows
from bcos_core.study.plan import Plan

Counts = Mapping[tuple[str, str], int]
"""(item, cell) → slots answered or open, over all raters. Cells without any may be missing."""


class SlotKind(StrEnum):
    PRACTICE = "practice"
    ITEM = "item"
    CHECK = "check"


@dataclass(frozen=True)
class Showing:
    """An item as a rater is shown it. Practice and checks have no cell: how they look is part of the item."""

    kind: SlotKind
    item: str
    cell: str = ""
    released: bool = False
    """It was taken back; it counts for nothing, but the rater has seen the item."""


def next_slot(plan: Plan, counts: Counts, history: Sequence[Showing], *, arrival: int) -> Showing | None:
    """What the rater who came as number `arrival` (from 0) is shown after `history`; None if there is nothing left.

    Of the items that the rater has not seen and that lack answers, the least-filled ones come first. Among these,
    one that can be shown, without unbalancing it, in the cell that the rater's order asks for, or that the rater is
    most behind with where the balance had asked for another. Chance, seeded, decides the rest.
    """
    seen = {shown.item for shown in history}
    had = [shown.cell for shown in history if shown.kind == SlotKind.ITEM and not shown.released]
    place = _first_open_place(plan, seen, len(had))
    if place is None:
        return None
    kind, name = place
    if kind != SlotKind.ITEM:
        return Showing(kind, name)
    planned = order_of(plan, arrival)[: len(had) + 1]
    chance = random.Random(f"{plan.seed}/{arrival}/{len(history)}")

    def preference(choice: tuple[str, str, int]) -> tuple[int, int, float]:
        _, cell, filled = choice
        # Ahead of the order by so many. Where the order was kept, only the cell that it asks for now is behind.
        return (filled, had.count(cell) - planned.count(cell), chance.random())

    choices = [
        (item, cell, filled)
        for item in plan.items
        if item not in seen and (filled := filled_of(plan, counts, item)) < plan.raters_per_item
        for cell in least_filled(plan, counts, item)
    ]
    if not choices:
        return None
    item, cell, _ = min(choices, key=preference)
    return Showing(SlotKind.ITEM, item, cell)


def _first_open_place(plan: Plan, seen: Collection[str], had: int) -> tuple[SlotKind, str] | None:
    """The first place of the sequence whose check was not seen, or whose item was not among the `had` ones."""
    items = 0
    for kind, name in sequence_of(plan):
        items += kind == SlotKind.ITEM
        if (items > had) if kind == SlotKind.ITEM else (name not in seen):
            return kind, name
    return None


def may_take_again(plan: Plan, counts: Counts, item: str, cell: str) -> bool:
    """Whether a released slot can be given back to its rater: only where a new one could be given."""
    return filled_of(plan, counts, item) < plan.raters_per_item and cell in least_filled(plan, counts, item)


def filled_of(plan: Plan, counts: Counts, item: str) -> int:
    return sum(counts.get((item, cell), 0) for cell in plan.cells)


def least_filled(plan: Plan, counts: Counts, item: str) -> list[str]:
    """The cells of an item that have the fewest slots."""
    least = min(counts.get((item, cell), 0) for cell in plan.cells)
    return [cell for cell in plan.cells if counts.get((item, cell), 0) == least]


@functools.lru_cache(maxsize=64)
def sequence_of(plan: Plan) -> tuple[tuple[SlotKind, str], ...]:
    """What stands at each place of every rater's sequence; "" where assignment chooses the item.

    Practice first. The checks, in a seeded order, one in each of as many equal parts of the items, never first.
    """
    chance = random.Random(f"{plan.seed}/checks")
    sequence: list[tuple[SlotKind, str]] = [(SlotKind.PRACTICE, name) for name in plan.practice]
    after: dict[int, list[str]] = {}
    for number, check in enumerate(chance.sample(plan.checks, len(plan.checks))):
        start, end = (plan.items_per_rater * part // len(plan.checks) for part in (number, number + 1))
        after.setdefault(1 + chance.randrange(start, max(start + 1, end)), []).append(check)
    for shown in range(1, plan.items_per_rater + 1):
        sequence.append((SlotKind.ITEM, ""))
        sequence += [(SlotKind.CHECK, check) for check in after.get(shown, ())]
    return tuple(sequence)


@functools.lru_cache(maxsize=4096)
def order_of(plan: Plan, arrival: int) -> tuple[str, ...]:
    """The cells that a rater should see, one for each item: rows of the Williams square, one after another.

    In each round, as many raters in a row as the square has rows get each row once: over them, every cell stands at
    every place equally often, and follows every other one equally often within a round. The row changes between
    rounds by a seeded step, so that a rater cannot guess what comes (with two cells, ABABAB…).
    """
    rows = williams_rows(len(plan.cells))
    chance = random.Random(f"{plan.seed}/order")
    order: list[str] = []
    while len(order) < plan.items_per_rater:
        row = rows[(arrival + chance.randrange(len(rows))) % len(rows)]
        order += [plan.cells[treatment] for treatment in row]
    return tuple(order[: plan.items_per_rater])
