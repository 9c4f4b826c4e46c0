"""An evaluation of the validation side: its texts, its pairs and what it says of itself are of that side."""

from __future__ import annotations

from tiny_pair import save_pair

from bcos_core.evaluate.job import EVALUATE
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.home import Home
from bcos_core.progress import SilentReporter
from bcos_core.storage.content import name_of
from bcos_core.text.tasks import TaskChoice, load_task

CHOICE = TaskChoice("embedded", "short-reviews")


def spec_of(home: Home, side: str) -> EvaluationSpec:
    bcos, _ = save_pair(home.create(), task=CHOICE.to_dict())
    scores = ("comprehensiveness", "sufficiency")
    return EvaluationSpec((str(bcos),), ("bcos",), scores, limit=6, side=side)


def test_choices_can_be_made_without_a_look_at_the_test_side(home: Home) -> None:
    task = load_task(CHOICE)
    sides = {"validation": task.validation.texts, "test": task.test.texts}
    for side, texts in sides.items():
        found = run_evaluation(spec_of(home, side), home=home, name=side, reporter=SilentReporter())
        for one in found.contenders:
            assert set(one.values["sufficiency"]) <= set(map(name_of, texts))
            assert f"6 {side} texts" in one.protocols["sufficiency"]["summary"]


def test_the_side_is_part_of_what_is_asked(home: Home) -> None:
    assert "--side=validation" in EVALUATE.command(spec_of(home, "validation"))
    assert spec_of(home, "validation").key != spec_of(home, "test").key
