"""Assignment: the promises of its docstring, after any prefix of arrivals, answers and drop-outs."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcos_core.errors import StudyError
from bcos_core.study.assignment import Showing, SlotKind, next_slot, order_of, sequence_of
from bcos_core.study.plan import Plan


def plan_of(items: int, cells: int, *, per_rater: int, per_item: int, seed: int = 0, **more: tuple[str, ...]) -> Plan:
    names = tuple(f"i{number}" for number in range(items))
    return Plan("s", names, tuple("abcdefgh"[:cells]), per_rater, per_item, seed=seed, **more)


@dataclass
class World:
    """Raters and their slots, counted by hand."""

    plan: Plan
    histories: list[list[Showing]] = field(default_factory=list)
    answered: list[set[int]] = field(default_factory=list)
    debt: Counter[str] = field(default_factory=Counter)

    def arrive(self) -> None:
        self.histories.append([])
        self.answered.append(set())

    def counts(self, *, only_answered: bool = False) -> Counter[tuple[str, str]]:
        return Counter(
            (shown.item, shown.cell)
            for history, answered in zip(self.histories, self.answered, strict=True)
            for place, shown in enumerate(history)
            if shown.kind == SlotKind.ITEM and not shown.released and (place in answered or not only_answered)
        )

    def give(self, rater: int) -> Showing | None:
        """The next slot, once the one before is answered."""
        history = self.histories[rater]
        if history and not history[-1].released and len(history) - 1 not in self.answered[rater]:
            return None
        counts = self.counts()
        showing = next_slot(self.plan, counts, history, arrival=rater)
        assert showing == next_slot(self.plan, dict(counts), list(history), arrival=rater)
        if showing is not None:
            if showing.kind == SlotKind.ITEM:
                self._is_the_emptiest(counts, history, showing)
                self.debt[showing.item] = max(0, self.debt[showing.item] - 1)
            history.append(showing)
        return showing

    def _is_the_emptiest(self, counts: Counter[tuple[str, str]], history: list[Showing], showing: Showing) -> None:
        filled = Counter({item: sum(counts[item, cell] for cell in self.plan.cells) for item in self.plan.items})
        seen = {shown.item for shown in history}
        assert showing.item not in seen
        assert filled[showing.item] == min(filled[item] for item in self.plan.items if item not in seen)

    def answer(self, rater: int) -> None:
        if self.histories[rater] and not self.histories[rater][-1].released:
            self.answered[rater].add(len(self.histories[rater]) - 1)

    def release(self, rater: int, *, everything: bool) -> None:
        history = self.histories[rater]
        for place, shown in enumerate(history):
            gone = everything or place not in self.answered[rater]
            if gone and shown.kind == SlotKind.ITEM and not shown.released:
                history[place] = dataclasses.replace(shown, released=True)
                self.debt[shown.item] += 1

    def check(self) -> None:
        counts, answered = self.counts(), self.counts(only_answered=True)
        for item in self.plan.items:
            all_of = [counts[item, cell] for cell in self.plan.cells]
            answers = [answered[item, cell] for cell in self.plan.cells]
            still_open = max(one - other for one, other in zip(all_of, answers, strict=True))
            assert sum(all_of) <= self.plan.raters_per_item
            assert max(all_of) - min(all_of) <= 1 + self.debt[item]
            assert max(answers) - min(answers) <= 1 + self.debt[item] + still_open
        for history in self.histories:
            assert len({shown.item for shown in history}) == len(history)


ACTIONS = st.lists(st.tuples(st.sampled_from("aggggnnnnlw"), st.integers(0, 30)), max_size=250)


@settings(max_examples=60, deadline=None)
@given(
    actions=ACTIONS,
    cells=st.integers(1, 5),
    items=st.integers(1, 6),
    share=st.integers(1, 6),
    per_item=st.integers(1, 9),
    checks=st.integers(0, 2),
    seed=st.integers(0, 3),
)
def test_balance_after_any_prefix(
    actions: list[tuple[str, int]], cells: int, items: int, share: int, per_item: int, checks: int, seed: int
) -> None:
    names = tuple(f"check {number}" for number in range(checks))
    plan = plan_of(items, cells, per_rater=min(share, items), per_item=per_item, seed=seed, checks=names)
    world = World(plan)
    world.arrive()
    for action, number in actions:
        rater = number % len(world.histories)
        match action:
            case "a":
                world.arrive()
            case "g":
                world.give(rater)
            case "n":
                world.answer(rater)
            case "l":
                world.release(rater, everything=False)
            case "w":
                world.release(rater, everything=True)
        world.check()


@settings(max_examples=40, deadline=None)
@given(cells=st.integers(1, 4), items=st.integers(1, 5), per_item=st.integers(1, 8), seed=st.integers(0, 5))
def test_with_enough_raters_every_item_gets_all_its_answers_in_balance(
    cells: int, items: int, per_item: int, seed: int
) -> None:
    world = World(plan_of(items, cells, per_rater=items, per_item=per_item, seed=seed))
    chance = random.Random(seed)
    for rater in range(per_item + 8):
        world.arrive()
        leaves_after = chance.randrange(items) if rater < 8 else items
        for number in range(items):
            world.give(rater)
            if number == leaves_after:
                world.release(rater, everything=False)
                break
            world.answer(rater)
            world.check()
    counts = world.counts()
    for item in world.plan.items:
        of_item = [counts[item, cell] for cell in world.plan.cells]
        assert sum(of_item) == per_item and max(of_item) - min(of_item) <= 1
    world.arrive()
    assert world.give(len(world.histories) - 1) is None


@pytest.mark.parametrize("cells", [1, 2, 3, 4, 5])
def test_the_wanted_orders_are_balanced_over_raters(cells: int) -> None:
    plan = plan_of(20, cells, per_rater=20, per_item=99, seed=3)
    rows = 2 * cells if cells % 2 and cells > 1 else cells
    orders = [order_of(plan, arrival) for arrival in range(7, 7 + rows)]  # any raters that follow each other
    for position in range(20):
        assert set(Counter(order[position] for order in orders).values()) == {rows // cells}
    for start in range(0, 20 - cells, cells):
        neighbours = Counter(
            pair
            for order in orders
            for pair in zip(order[start : start + cells], order[start + 1 : start + cells], strict=False)
        )
        assert len(neighbours) == cells * (cells - 1)
        assert len(set(neighbours.values())) <= 1


def test_a_rater_cannot_guess_the_next_cell_from_the_last() -> None:
    plan = plan_of(40, 2, per_rater=40, per_item=99)
    pairs = Counter(zip(order_of(plan, 0), order_of(plan, 0)[1:], strict=False))
    assert {("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")} == set(pairs)


def test_two_cells_follow_the_wanted_order_exactly_when_raters_come_one_after_another() -> None:
    world = World(plan_of(10, 2, per_rater=10, per_item=8))
    for rater in range(8):
        world.arrive()
        shown = []
        while (showing := world.give(rater)) is not None:
            world.answer(rater)
            shown.append(showing.cell)
        assert tuple(shown) == order_of(world.plan, rater)
    assert set(world.counts().values()) == {4}


@pytest.mark.parametrize("cells", [2, 3, 4])
def test_raters_at_once_mostly_follow_the_wanted_order(cells: int) -> None:
    world = World(plan_of(24, cells, per_rater=24, per_item=24))
    chance = random.Random(1)
    going = list(range(24))
    for _ in going:
        world.arrive()
    while going:
        rater = chance.choice(going)
        if world.give(rater) is None:
            going.remove(rater)
        world.answer(rater)
    cells_of = [[shown.cell for shown in history] for history in world.histories]
    assert [len(one) for one in cells_of] == [24] * 24
    followed = [
        cell == wanted
        for arrival, one in enumerate(cells_of)
        for cell, wanted in zip(one, order_of(world.plan, arrival), strict=True)
    ]
    assert sum(followed) / len(followed) > 0.7  # by chance it would be 1 / cells
    for one in cells_of:
        assert max(Counter(one).values()) - min(Counter(one).values()) <= 6


def test_practice_comes_first_and_checks_stand_at_the_same_places_for_everyone() -> None:
    checks, practice = ("c1", "c2", "c3"), ("p1", "p2")
    plan = plan_of(12, 2, per_rater=12, per_item=2, seed=5, checks=checks, practice=practice)
    places = sequence_of(plan)
    assert places[:2] == ((SlotKind.PRACTICE, "p1"), (SlotKind.PRACTICE, "p2"))
    assert places[2][0] == SlotKind.ITEM and len(places) == 2 + 12 + 3
    # One check in each third of the items.
    before = [
        sum(kind == SlotKind.ITEM for kind, _ in places[:at]) for at, place in enumerate(places) if place[1] in checks
    ]
    assert [(number - 1) // 4 for number in before] == [0, 1, 2]
    world = World(plan)
    for rater in range(2):
        world.arrive()
        shown = []
        while (showing := world.give(rater)) is not None:
            world.answer(rater)
            shown.append((showing.kind, "" if showing.kind == SlotKind.ITEM else showing.item))
        assert tuple(shown) == places
    assert set(world.counts()) == {(item, cell) for item in plan.items for cell in plan.cells}
    seeds = {tuple(sequence_of(dataclasses.replace(plan, seed=seed))) for seed in range(10)}
    assert len(seeds) > 5


def test_a_released_item_does_not_come_again_and_another_takes_its_place() -> None:
    plan = plan_of(3, 2, per_rater=2, per_item=9)
    first = next_slot(plan, {}, [], arrival=0)
    assert first is not None
    gone = dataclasses.replace(first, released=True)
    second = next_slot(plan, {}, [gone], arrival=0)
    assert second is not None and second.item != first.item
    third = next_slot(plan, {}, [gone, second], arrival=0)
    assert third is not None and third.item not in (first.item, second.item)
    assert next_slot(plan, {}, [gone, second, third], arrival=0) is None  # two live ones: all that a rater is shown


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"items": ()}, "no items"),
        ({"cells": ()}, "no cells"),
        ({"items": ("x", "x")}, "'x' is in the study twice"),
        ({"checks": ("i1",)}, "'i1' is in the study twice"),
        ({"cells": ("a", "a")}, "'a' is in the study twice"),
        ({"items_per_rater": 0}, "1 to 2 items per rater"),
        ({"items_per_rater": 3}, "3 of 2 items"),
        ({"raters_per_item": 0}, "1 or more"),
        ({"items": ("", "i2")}, "1 to 200 characters"),
    ],
)
def test_plans_that_do_not_fit_together(parts: dict[str, object], words: str) -> None:
    usual = {"study": "s", "items": ("i1", "i2"), "cells": ("a", "b"), "items_per_rater": 2, "raters_per_item": 2}
    assert Plan.from_dict({**usual, "items": ["i1", "i2"]}) == Plan(**usual)  # type: ignore[arg-type]
    with pytest.raises(StudyError, match=words):
        Plan(**{**usual, **parts})  # type: ignore[arg-type]
