"""Locking tells of the parts that it was planned to have."""

from __future__ import annotations

from planned import PartsTold
from tiny_pair import save_pair

from bcos_core.home import Home
from bcos_core.storage.upgrade import open_database
from bcos_core.study.design import Condition, StudyDesign
from bcos_core.study.lock_job import LOCK, LockSpec
from bcos_core.study.lock_run import lock_study
from bcos_core.study.selection import Source
from bcos_core.study.studies import Studies

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}


def test_locking_has_its_planned_parts(home: Home) -> None:
    bcos, twin = map(str, save_pair(home.create(), task=TASK))
    conditions = (Condition(bcos, "bcos"), Condition(twin, "occlusion"), Condition(twin))
    design = StudyDesign("Tiny", conditions, "simulation", Source(count=4), items_per_rater=4, practice=1)
    study = Studies(open_database(home)).create(design.title, design.to_dict())
    plan = LOCK.parts(LockSpec(study.id))
    told = PartsTold()
    lock_study(study.id, home=home, reporter=told)
    told.assert_as_planned(plan)


def test_a_study_that_is_gone_is_not_planned(home: Home) -> None:
    assert LOCK.parts(LockSpec("gone")) == ()
