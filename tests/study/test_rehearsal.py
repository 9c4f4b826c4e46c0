"""Locked studies of every protocol, with practice and checks, answered by simulated raters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bcos_core.home import Home
from bcos_core.storage.upgrade import open_database
from bcos_core.study.crowd import Crowd
from bcos_core.study.design import Condition
from bcos_core.study.locked import LockedStudy
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.results import analyse, failed_checks, read_answers_of
from bcos_core.study.selection import Source
from bcos_core.study.simulate import as_simulated, open_simulation
from bcos_core.study.simulated_writer import write
from bcos_core.study.studies import Studies
from tests.study.simulated import made_up
from tests.study.world import make_world


@pytest.mark.parametrize("name", list(PROTOCOLS))
def test_a_locked_study_can_be_rehearsed(home: Home, tmp_path: Path, name: str) -> None:
    protocol = PROTOCOLS[name]
    other = "" if protocol.without_heatmap else "saliency"
    changes: dict[str, Any] = {
        "conditions": lambda bcos, twin: (
            Condition(bcos, other),
            Condition(bcos, "bcos"),
            Condition(twin, "input_x_gradient"),
        )[: protocol.least_conditions],
        "source": Source(count=6),
        "items_per_rater": 6,
        "raters_per_item": 8,
        "instructed": 2 if protocol.instructed_checks else 0,
        "random": 0 if protocol.random_check is None else 1,
    }
    world = make_world(home, protocol=name, **changes)
    database = open_database(home)
    simulation = open_simulation(database, world.locked, Crowd(preference=0.6))
    write(simulation.work(8, tmp_path / "acknowledged"), database)
    Studies(database).close(simulation.study.id)
    locked = LockedStudy.from_dict(Studies(database).locked(simulation.study.id))
    assert locked.hash == simulation.study.lock_hash == as_simulated(world.locked).hash

    answered = read_answers_of(database, simulation.study.id, locked)
    shown = answered.answers.drop_duplicates(["rater", "item"])["kind"].value_counts().to_dict()
    checks = {"check": 8 * (changes["instructed"] + changes["random"])}
    assert shown == {"item": 48, "practice": 8, **{kind: n for kind, n in checks.items() if n}}
    for kind in ("instructed", "random"):
        failed = failed_checks(answered.answers, locked, kind)
        assert sum(count for count, _ in failed.values()) <= 4  # one of twenty is
    for analysis in analyse(answered, locked):
        assert not analysis.results[0].undefined and len(analysis.values)


def test_a_copy_says_what_it_is_however_long_its_title() -> None:
    locked = made_up("rating", "random", "random")
    assert as_simulated(locked).design.title == "Simulated: Made up"
    assert as_simulated(as_simulated(locked)) == as_simulated(locked)
    long = replace(locked, design=replace(locked.design, title="x" * 120))
    assert as_simulated(long).design.title == f"Simulated: {'x' * 108}…"
