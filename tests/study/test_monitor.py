"""How far a study is, as the database counts it: against hand counts, and against the frames of its results."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from bcos_core.home import Home
from bcos_core.storage.database import Database
from bcos_core.storage.upgrade import open_database
from bcos_core.study.assignment import SlotKind
from bcos_core.study.design import Exclusion
from bcos_core.study.forms import plan_of
from bcos_core.study.locked import LockedItem
from bcos_core.study.monitor import study_progress
from bcos_core.study.raters import Raters
from bcos_core.study.results import failed_checks, read_answers_of
from bcos_core.study.schema import STUDY_SLOTS
from bcos_core.study.selection import Source
from bcos_core.study.slots import Slots
from tests.study.answering import answer_all
from tests.study.world import World, make_world

SECONDS = {0: (2.0, 4.0, 9.0), 1: (1.0, 2.0, 8.0), 2: (30.0, 10.0, 20.5), 3: (50.0, 60.0, 70.0)}
"""Rater's arrival → how long each item took."""


def _rule(rater: int, item: LockedItem, cell: str) -> dict[str, Any]:
    """Everybody passes the checks but the third rater, who answers each of them wrongly."""
    if item.expected:
        return {name: values[0] % 5 + 1 if rater == 2 else values[0] for name, values in item.expected.items()}
    return {"interpretability": 3, "agreement": 3}


@pytest.fixture
def world(home: Home) -> World:
    rule = Exclusion(failed_checks=1, fastest=3.0)
    options: dict[str, Any] = {"source": Source(count=3), "items_per_rater": 3, "raters_per_item": 8}
    world = make_world(home, **options, practice=1, instructed=2, exclusion=rule)
    answer_all(home, world, 4, _rule)
    database = open_database(home)
    raters = Raters(database).of(world.study.id)
    table = STUDY_SLOTS.c
    with database.write() as connection:
        for rater in raters:
            items = (table.rater == rater.id, table.kind == SlotKind.ITEM.value)
            slots = connection.execute(select(table.id, table.opened_at).where(*items).order_by(table.position)).all()
            for slot, seconds in zip(slots, SECONDS[rater.arrival], strict=True):
                ended = slot.opened_at + timedelta(seconds=seconds)
                connection.execute(update(STUDY_SLOTS).where(table.id == slot.id).values(answered_at=ended))
    Raters(database).withdraw(raters[3].id)
    Raters(database).join(world.token)  # and does nothing
    return world


def test_progress_is_what_a_hand_counts(home: Home, world: World) -> None:
    found = study_progress(open_database(home), world.study.id, world.locked)
    assert (found.raters, found.finished, found.left_out) == (5, 4, 2)
    assert sum(found.counts.values()) == 3 * 3  # the items of the one who has withdrawn are given to others
    assert [one.arrival for one in found.newest] == [0, 1, 2, 3, 4]
    assert [one.items for one in found.newest] == [3, 3, 3, 0, 0]
    medians = [one.median_seconds for one in found.newest]
    assert medians[:3] == pytest.approx([4.0, 2.0, 20.5], abs=0.002) and medians[3:] == [None, None]
    assert [(one.failed_checks, one.checks) for one in found.newest] == [(0, 2), (0, 2), (2, 2), (0, 0), (0, 0)]
    assert [one.left_out for one in found.newest] == [
        "",
        "took 2.0 s for an item in the median; the rule asks for 3 s",
        "failed 2 of 2 instructed checks; the rule allows 1",
        "",
        "",
    ]
    last = study_progress(open_database(home), world.study.id, world.locked, newest=2).newest
    assert [one.arrival for one in last] == [3, 4]


def test_the_rule_leaves_the_same_raters_out_as_in_the_results(home: Home, world: World) -> None:
    database = open_database(home)
    answered = read_answers_of(database, world.study.id, world.locked)
    names = {rater.arrival: rater.id for rater in Raters(database).of(world.study.id)}
    found = study_progress(database, world.study.id, world.locked).newest
    assert {names[one.arrival]: one.left_out for one in found if one.left_out} == answered.excluded
    checks = failed_checks(answered.answers, world.locked)
    assert {names[one.arrival]: (one.failed_checks, one.checks) for one in found if one.checks} == checks


def test_without_a_rule_of_pace_only_those_shown_are_timed(home: Home) -> None:
    world = make_world(home, source=Source(count=3), items_per_rater=3, instructed=0)
    answer_all(home, world, 3, _rule)
    found = study_progress(open_database(home), world.study.id, world.locked, newest=1)
    assert found.raters == found.finished == 3 and found.left_out == 0
    assert [(one.arrival, one.items) for one in found.newest] == [(2, 3)]


def test_an_even_number_of_items_has_its_median_between_two(home: Home) -> None:
    world = make_world(home, practice=0, instructed=0)  # two items for each rater
    answer_all(home, world, 1, _rule)
    database = open_database(home)
    table = STUDY_SLOTS.c
    with database.write() as connection:
        for place, seconds in enumerate((3.0, 8.0)):
            opened = connection.execute(select(table.opened_at).where(table.position == place)).scalar_one()
            ended = opened + timedelta(seconds=seconds)
            connection.execute(update(STUDY_SLOTS).where(table.position == place).values(answered_at=ended))
    (one,) = study_progress(database, world.study.id, world.locked).newest
    assert one.items == 2 and one.median_seconds == pytest.approx(5.5, abs=0.002)


def _rows_read(database: Database, world: World) -> int:
    """Rows that a look fetches."""
    read = 0

    def counted(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        nonlocal read
        if statement.lstrip().startswith(("SELECT", "WITH")):
            read += len(connection.connection.cursor().execute(statement, rest[0]).fetchall())

    event.listen(database.engine, "after_cursor_execute", counted)
    try:
        study_progress(database, world.study.id, world.locked)
    finally:
        event.remove(database.engine, "after_cursor_execute", counted)
    return read


def test_a_look_reads_raters_and_cells_and_no_answers(home: Home, world: World) -> None:
    # Five raters; three who have answered items, and as many who have answered checks; three items in two cells.
    assert _rows_read(open_database(home), world) <= 5 + 3 + 3 + 3 * 2


def test_an_item_that_is_only_open_is_no_answer(home: Home) -> None:
    """Four items answered, a fifth in somebody's hands: the export has four, and so has the page."""
    world = make_world(home, practice=0, instructed=0)  # two items for each rater
    answer_all(home, world, 2, _rule)
    database = open_database(home)
    third = Raters(database).consent(Raters(database).join(world.token).rater.id)
    assert Slots(database, plan_of(world.study.id, world.locked)).next(third.id) is not None
    found = study_progress(database, world.study.id, world.locked)
    answered = read_answers_of(database, world.study.id, world.locked).of_items
    assert sum(found.counts.values()) == len(answered.drop_duplicates(["rater", "item"])) == 4
    assert found.in_hand == 1
