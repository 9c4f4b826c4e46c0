"""A damaged study is named, hides no other one, and can be deleted; designs and locked studies are read whole."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bcos_core.errors import DamagedStudyError, InputError
from bcos_core.home import Home
from bcos_core.storage.upgrade import open_database
from bcos_core.study.design import StudyDesign
from bcos_core.study.locked import LockedStudy
from bcos_core.study.studies import Studies
from bcos_core.study.synthetic import load_design, synthetic_study

LOCKED = synthetic_study(load_design(4, 12, 2, 0))


@pytest.mark.parametrize(
    ("column", "value"), [("design", "{"), ("design", "[]"), ("design", "[" * 100_000), ("status", "asleep")]
)
def test_the_others_are_listed_and_it_is_named(column: str, value: str, tmp_path: Path) -> None:
    studies = Studies(open_database(Home(tmp_path / "home").create()))
    broken, good = (studies.create(title, LOCKED.design.to_dict()) for title in "ab")
    with studies.database.write() as connection:
        query = text(f"UPDATE studies SET {column} = :value WHERE id = :id")
        connection.execute(query, {"value": value, "id": broken.id})
    listing = studies.list()
    assert [study.id for study in listing] == [good.id] and [one.name for one in listing.left_out] == [broken.id]
    with pytest.raises(DamagedStudyError, match=broken.id):
        studies.get(broken.id)
    studies.delete(broken.id)
    assert studies.list().left_out == ()


def test_a_whole_one_is_read_as_it_was_locked() -> None:
    assert LockedStudy.from_dict(LOCKED.to_dict()).hash == LOCKED.hash


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("items"),
        lambda data: data.update(items=[]),
        lambda data: data.update(weights={}),
        lambda data: data["items"][0].update(records={}),
        lambda data: data["items"][0].update(kind="joke"),
        lambda data: data["items"][0].update(text=3),
        lambda data: data["design"].update(conditions="all"),
        lambda data: data["design"].update(raters_per_item="many"),
        lambda data: data["design"].pop("title"),
        lambda data: data["design"]["conditions"][0].update(method="tea-leaves"),
        lambda data: data["design"].update(questions=[{"name": "x"}]),
        lambda data: data["design"].update(exclusion=[]),
    ],
    ids=range(12),
)
def test_a_damaged_one_is_refused_in_words(damage: Callable[[dict[str, Any]], object]) -> None:
    data = copy.deepcopy(LOCKED.to_dict())
    damage(data)
    with pytest.raises(InputError, match=r"\.$"):
        LockedStudy.from_dict(data)
        StudyDesign.from_dict(data["design"])
