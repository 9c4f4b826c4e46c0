"""What a training is planned to take: its stages, and that more work takes longer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bcos_core.jobs.part import OPERATIONS_PER_SECOND
from bcos_core.model.size import ModelSize, model_size
from bcos_core.text.size import UNKNOWN, glanced, task_size
from bcos_core.text.tasks import TaskChoice, load_task
from bcos_core.train.plan import BCOS_STEP, CONSISTENCY_STEP, stage_titles, step_cost, training_plan
from bcos_core.train.quickstart import quickstart_spec
from bcos_core.train.recipe import Recipe
from bcos_core.train.spec import TrainSpec

TASK = TaskChoice("embedded", "short-reviews")


def seconds(recipe: Recipe) -> float:
    return sum(part.seconds for part in training_plan(TrainSpec("minilm", TASK, recipe)))


@pytest.mark.parametrize(
    "recipe", [Recipe(), Recipe(twin=False), Recipe(calibrate=False), Recipe(bcos=False, calibrate=False, twin=False)]
)
def test_there_is_a_part_for_every_stage(recipe: Recipe) -> None:
    plan = training_plan(TrainSpec("minilm", TASK, recipe))
    assert [part.stage for part in plan] == list(range(len(stage_titles(recipe))))


def test_more_work_is_planned_to_take_longer() -> None:
    small, whole = seconds(Recipe(examples=500)), seconds(Recipe())
    assert 0 < small < whole < seconds(Recipe(consistency=1.0))
    assert seconds(Recipe(twin=False)) < whole < seconds(Recipe(epochs=6.0))


def test_fine_tuning_by_hand() -> None:
    spec = quickstart_spec()
    spec = replace(spec, recipe=spec.recipe.replace(examples=2000, epochs=1.0))
    (conventional,) = [part for part in training_plan(spec) if part.pace.startswith("fine-tune conventional")]
    # 6 blocks of 4 · 384² + 2 · 384 · 1536 weights; three forwards' worth for 2,000 texts, and five looks at 200.
    weights = 6 * (4 * 384**2 + 2 * 384 * 1536)
    tokens = task_size(TASK).tokens
    forward = 2 * weights * tokens + 4 * 6 * 384 * tokens**2
    arithmetic = (3 * 2000 + 5 * 200) * forward / OPERATIONS_PER_SECOND
    assert conventional.seconds == pytest.approx(1.5 + 0.03 * 2000 / 16 + arithmetic)


def test_steps_with_deletion_consistency_count_for_more() -> None:
    plain, consistent = Recipe(), Recipe(consistency=1.0, consistency_start=0.5)
    assert step_cost(plain, 0.5) == pytest.approx(0.5 * BCOS_STEP)
    assert step_cost(consistent, 0.5) == pytest.approx(0.5 * BCOS_STEP)
    assert step_cost(consistent, 1.0) == pytest.approx((0.5 + 0.5 * CONSISTENCY_STEP) * BCOS_STEP)


def test_the_size_of_a_task_is_that_of_its_data() -> None:
    data, size = load_task(TASK), task_size(TASK)
    assert (size.train, size.validation, size.test) == (len(data.train), len(data.validation), len(data.test))
    assert 20 < size.tokens < 40
    assert task_size(TaskChoice("hub", "stanfordnlp/imdb")) is UNKNOWN  # nothing is downloaded for an estimate


def test_a_large_file_is_judged_by_its_beginning(tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    line = "a text of nine words is what stands here,label\n"  # 47 bytes
    file.write_text(line * 50_000)
    size = glanced(file)
    assert size.train == pytest.approx(41_000, rel=0.01) and size.test == pytest.approx(6000, rel=0.01)
    assert size.tokens == pytest.approx(47 / 4.5 + 2, rel=0.01)


@pytest.mark.parametrize(
    ("config", "size"),
    [
        ({"hidden_size": 64, "num_hidden_layers": 3, "intermediate_size": 100}, ModelSize(64, 3, 100)),
        ({"dim": 768, "n_layers": 6, "hidden_dim": 3072}, ModelSize(768, 6, 3072)),  # DistilBERT
        ({"n_embd": 768, "n_layer": 12, "n_inner": None}, ModelSize(768, 12, 3072)),  # GPT-2
        ([], ModelSize()),
    ],
)
def test_the_size_of_a_model_is_read_from_its_config(tmp_path: Path, config: object, size: ModelSize) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert model_size(tmp_path) == size


def test_an_unknown_model_is_taken_for_the_embedded_one(tmp_path: Path) -> None:
    assert model_size(tmp_path / "missing") == model_size("minilm") == ModelSize()
