"""Recipes and their command lines."""

from __future__ import annotations

import pytest

from bcos_core.cli.main import build_parser
from bcos_core.cli.train import OPTIONS
from bcos_core.errors import RecipeError, UnknownNameError
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.job import TRAIN
from bcos_core.train.quickstart import quickstart_spec
from bcos_core.train.recipe import RECIPES, Recipe, recipe_for
from bcos_core.train.spec import TrainSpec


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("b", 0.5),
        ("b", 9.0),
        ("ramp", 1.5),
        ("learning_rate", 0.0),
        ("epochs", -1.0),
        ("batch_size", 0),
        ("max_length", 4),
        ("seed", -1),
        ("examples", 3),
        ("precision", "fp8"),
        ("biases", "both"),
        ("loss", "hinge"),
        ("consistency", 50.0),
        ("consistency_ranked", 1.5),
        ("masking", 1.5),
        ("kept_texts", 65),
        ("kept_states", 1),
        ("kept_spacing", "odd"),
    ],
)
def test_an_impossible_option_names_its_field(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field) as raised:
        Recipe(**{field: value})  # type: ignore[arg-type]
    assert raised.value.field == field


def test_combinations_that_contradict_each_other() -> None:
    with pytest.raises(RecipeError, match="B-cos model") as raised:
        RECIPES["conventional"].replace(consistency=1.0)
    assert raised.value.field == "consistency"
    with pytest.raises(RecipeError, match="Calibration") as raised:
        RECIPES["calibrated"].replace(normalize_weights=True)
    assert raised.value.field == "normalize_weights"
    with pytest.raises(RecipeError, match="Unknown recipe option 'speed'"):
        Recipe().replace(speed=3)
    with pytest.raises(UnknownNameError, match="calibrated, conventional, faithful, paper"):
        RECIPES["magic"]


def test_the_papers_recipe_is_the_papers() -> None:
    paper = RECIPES["paper"]  # arXiv 2502.12992 §4
    assert (paper.b, paper.learning_rate, paper.batch_size, paper.epochs, paper.max_length) == (1.5, 2e-5, 16, 5, 512)
    assert (paper.normalize_weights, paper.calibrate, paper.warmup, paper.seed) == (True, False, 0.1, 42)


def test_the_twin_is_trained_as_conventional_models_are() -> None:
    twin = Recipe(biases="kept", loss="binary cross-entropy", consistency=1.0).conventional_twin()
    assert (twin.bcos, twin.biases, twin.loss, twin.consistency) == (False, "dropped", "usual", 0.0)


@pytest.mark.parametrize(
    "spec",
    [
        quickstart_spec(),
        TrainSpec(
            "minilm",
            TaskChoice("embedded", "long-reviews"),
            recipe_for("faithful", TaskChoice("embedded", "long-reviews")).replace(
                twin=False, b=1.25, seed=7, biases="kept", loss="cross-entropy"
            ),
            "Mine, the first",
            "Notes in\ntwo lines with --flags.",
        ),
        TrainSpec("some/model", TaskChoice("hub", "some/data", "text", "label", None, "why"), RECIPES["paper"]),
        TrainSpec(
            "minilm", TaskChoice("embedded", "tweets"), RECIPES["conventional"].replace(examples=100, masking=0.5)
        ),
    ],
)
def test_the_command_line_says_what_the_spec_says(spec: TrainSpec) -> None:
    words = TRAIN.command(spec)
    args = build_parser(words).parse_args(words)
    columns = ("text_column", "label_column", "rationale_column")
    task = TaskChoice.parse(args.task, **{column: getattr(args, column) for column in columns})
    recipe = recipe_for(args.recipe, task).replace(**{name: getattr(args, name) for name in OPTIONS})
    assert TrainSpec(args.model, task, recipe, args.name, args.notes) == spec
    assert TRAIN.read(spec.to_dict()) == spec


def test_every_option_of_a_recipe_is_on_the_command_line() -> None:
    import dataclasses

    assert {f.name for f in dataclasses.fields(Recipe)} - {"name", "bcos"} == set(OPTIONS)


def test_the_same_work_has_the_same_key_whatever_it_is_called() -> None:
    first, second = quickstart_spec(), quickstart_spec()
    assert first.key == second.key
    renamed = TrainSpec(first.model, first.task, first.recipe, "Other name", "with notes")
    assert renamed.key == first.key
    assert TrainSpec(first.model, first.task, first.recipe.replace(seed=1)).key != first.key


@pytest.mark.parametrize(("field", "value"), [("name", "a/b"), ("name", "\u202ex"), ("notes", "x" * 10_001)])
def test_a_name_that_cannot_be_one_is_refused_before_anything_is_trained(field: str, value: str) -> None:
    first = quickstart_spec()
    with pytest.raises(RecipeError) as refused:
        TrainSpec(first.model, first.task, first.recipe, **{field: value})
    assert refused.value.field == field
