"""The grid: which recipes come of the values that are varied, and how a person types and reads them."""

from __future__ import annotations

import pytest

from bcos_core.ablation.grid import DEFAULT, VARIED, grid, read_value, said
from bcos_core.ablation.job import ABLATE
from bcos_core.ablation.spec import AblationSpec
from bcos_core.cli.ablate import RECIPE_OPTIONS, read_vary
from bcos_core.cli.main import build_parser
from bcos_core.errors import InputError, RecipeError
from bcos_core.option import options_of
from bcos_core.storage.plain import to_plain
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import RECIPES, Recipe, recipe_for


def test_every_combination_and_the_default_first() -> None:
    rows, left_out = grid(Recipe(), {"b": (1.0, 1.5), "biases": ("dropped", "kept")}, crossed=True)
    assert [(row.recipe.b, row.recipe.biases) for row in rows] == [
        (1.5, "dropped"),
        (1.0, "dropped"),
        (1.0, "kept"),
        (1.5, "kept"),
    ]
    assert [row.name for row in rows] == [
        f"{DEFAULT} (B = 1.5, biases dropped)",
        "B = 1",
        "B = 1, biases kept",
        "biases kept",
    ]
    assert not left_out


def test_one_option_at_a_time() -> None:
    rows, _ = grid(Recipe(), {"b": (1.0, 2.0), "biases": ("kept",)}, crossed=False)
    assert [row.changes for row in rows] == [{}, {"b": 1.0}, {"b": 2.0}, {"biases": "kept"}]


def test_a_combination_that_is_no_recipe_is_left_out_with_its_reason() -> None:
    rows, left_out = grid(Recipe(), {"normalize_weights": (True,), "calibrate": (True, False)}, crossed=True)
    assert [row.changes for row in rows] == [{}, {"normalize_weights": True, "calibrate": False}]
    (one,) = left_out
    assert one.name == "normalised weights: yes" and "Turn one of the two off" in one.reason


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        ({}, "Name an option"),
        ({"speed": (1,)}, "no option 'speed'"),
        ({"seed": (1, 2)}, "same seeds"),
        ({"b": (0.5,)}, "b is 0.5; expected a number from 1 to 4"),
        ({"b": ()}, "no values"),
        ({"b": (1.0, 1)}, "each value once"),
        ({"b": (1.5,)}, "no other recipe"),
        ({"normalize_weights": (True,)}, "Turn one of the two off"),
    ],
)
def test_what_cannot_be_varied_is_said(vary: dict[str, tuple[float, ...]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        grid(Recipe(), vary, crossed=True)


def test_every_option_of_a_recipe_can_be_varied_but_what_makes_it_another_kind_of_model() -> None:
    assert set(options_of(Recipe)) - set(VARIED) == {"bcos", "twin", "seed"}


def test_values_as_they_are_typed_and_read() -> None:
    assert read_vary(["b=1, 1.25", "calibrate=yes,no", "b=2", "loss=binary cross-entropy", "examples=none,500"]) == {
        "b": (1.0, 1.25, 2.0),
        "calibrate": (True, False),
        "loss": ("binary cross-entropy",),
        "examples": (None, 500),
    }
    assert read_vary(["learning-rate=2e-5"]) == {"learning_rate": (2e-5,)}
    assert said("learning_rate", 2e-5) == "learning rate = 2 × 10⁻⁵"
    assert said("calibrate", False) == "calibrate: no"
    assert said("examples", None) == "training texts all"
    for bad in ("b", "calibrate=perhaps", "b=one", "biases=both"):
        with pytest.raises(InputError):
            read_vary([bad])
    with pytest.raises(InputError, match="yes or no"):
        read_value("calibrate", "2")


def test_a_whole_number_of_an_option_with_decimals_is_the_same_recipe() -> None:
    assert AblationSpec(vary={"b": (1, 2)}).key == AblationSpec(vary={"b": (1.0, 2.0)}).key
    assert AblationSpec(vary={"b": (1, 2)}).rows[1].name == "B = 1"


def test_a_recipe_without_b_cos_models_is_refused() -> None:
    with pytest.raises(InputError, match="B-cos models"):
        AblationSpec(recipe=RECIPES["conventional"])
    with pytest.raises(InputError, match="seeds is 0"):
        AblationSpec(seeds=0)
    with pytest.raises(RecipeError):
        AblationSpec(recipe=Recipe(b=9.0))


@pytest.mark.parametrize(
    "spec",
    [
        AblationSpec(),
        AblationSpec(
            task=TaskChoice("embedded", "tweets"),
            recipe=recipe_for("faithful", TaskChoice("embedded", "tweets")).replace(seed=7, examples=200),
            vary={"biases": ("dropped", "kept"), "calibrate": (True, False), "examples": (None, 100)},
            crossed=False,
            twin=False,
            seeds=1,
            pairs=10,
        ),
    ],
)
def test_the_command_line_says_what_the_spec_says(spec: AblationSpec) -> None:
    words = ABLATE.command(spec)
    args = build_parser(words).parse_args(words)
    task = TaskChoice.parse(args.task)
    again = AblationSpec(
        model=args.model,
        task=task,
        recipe=recipe_for(args.recipe, task).replace(**{name: getattr(args, name) for name in RECIPE_OPTIONS}),
        vary=read_vary(args.vary),
        **{name: getattr(args, name) for name in options_of(AblationSpec)},
    )
    assert again == spec
    assert ABLATE.read(to_plain(spec)) == spec
