"""Choosing the recipe on the Train page, with every option of it one click away."""

from __future__ import annotations

import dataclasses
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bcos_core.errors import RecipeError
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import PRECISIONS, RECIPES, Recipe, recipe_for
from pages.widgets import url
from pages.widgets.errors import show_error


@dataclasses.dataclass(frozen=True)
class Option:
    """How one field of a `Recipe` is asked for. `step` is that of a number's buttons."""

    title: str
    help: str
    step: float | None = None


_EXPLANATIONS = {
    "calibrated": "Converts the model, refits its layers to the pretrained function, then fine-tunes.",
    "faithful": "Calibrated, and trained so that striking out a word changes the logit by what the heatmap says.",
    "paper": "As the B-cos LM paper does it: normalised weights, B from the first step, no calibration.",
    "conventional": "Plain fine-tuning, nothing converted: a model for post-hoc explanations only.",
}

_GROUPS: dict[str, dict[str, Option]] = {
    "Model": {
        "bcos": Option("Convert to B-cos", "Without, a conventional model is trained."),
        "b": Option("B", "The exponent of the B-cos transform: 1 is a plain linear layer, 1.5 the usual choice.", 0.05),
        "ramp": Option("Ramp of B", "Share of the steps over which B rises from 1 to its value; 0 starts there.", 0.1),
        "normalize_weights": Option("Normalised weights", "Each weight row has length 1 in every forward pass."),
        "calibrate": Option("Calibrate", "Refit the converted layers to the pretrained function first."),
        "calibration_texts": Option("Calibration texts", "Training texts that the layers are refitted on.", 64),
        "ridge": Option("Ridge", "Ridge term of calibration, relative to the Gram matrix's mean diagonal.", 0.001),
        "twin": Option("Train the twin", "Also a conventional model, on the same data with the same budget."),
    },
    "Training": {
        "learning_rate": Option("Learning rate", "The highest value, after the warm-up.", 0.00001),
        "epochs": Option("Epochs", "Passes over the training texts.", 0.5),
        "batch_size": Option("Batch", "Texts per step and device.", 8),
        "gradient_accumulation": Option("Accumulated steps", "Steps whose gradients are added before an update.", 1),
        "warmup": Option("Warm-up", "Share of the steps over which the learning rate rises.", 0.05),
        "weight_decay": Option("Weight decay", "Of AdamW.", 0.01),
        "precision": Option("Precision", "“auto” measures which of the two is faster on this machine."),
    },
    "Data and loss": {
        "max_length": Option("Maximum length", "Tokens at which a text is cut.", 16),
        "examples": Option("Training texts", "How many to use; empty for all.", 100),
        "seed": Option("Seed", "Of every random choice.", 1),
        "consistency": Option("Deletion consistency", "Weight of that loss, 0 for none.", 0.5),
        "consistency_start": Option("Its start", "Share of the steps after which that loss begins.", 0.1),
        "consistency_ranked": Option(
            "Ranked removal",
            "Share of the texts in that loss that lose what their own heatmap ranks first, or all else, instead of "
            "a random subset.",
            0.1,
        ),
        "masking": Option("Masked texts", "Share of the texts in which random tokens are masked, 0 for none.", 0.1),
    },
}
OPTIONS = tuple(name for group in _GROUPS.values() for name in group)


def choose_recipe(task: TaskChoice, position_limit: int | None) -> Recipe | None:
    """The widgets; a message beside the option at fault, and None, while options do not fit together.

    A change of the recipe takes every option back to that recipe's value.
    """
    name = str(
        st.segmented_control(
            "Recipe", list(RECIPES), required=True, **url.bound("recipe", "calibrated", parse=_known, clears=OPTIONS)
        )
    )
    st.caption(_EXPLANATIONS.get(name, ""))
    defaults = recipe_for(name, task)
    values: dict[str, Any] = {}
    places: dict[str, DeltaGenerator] = {}
    with st.expander("All options", key="all-options"):
        for column, (title, options) in zip(st.columns(len(_GROUPS), gap="large"), _GROUPS.items(), strict=True):
            with column:
                st.markdown(f"**{title}**")
                for field, option in options.items():
                    values[field] = _ask(field, option, getattr(defaults, field))
                    places[field] = st.container()
    # An option that was emptied keeps the recipe's value, as one that is left out of the command line does.
    given = {field: value for field, value in values.items() if value is not None}
    try:
        recipe = dataclasses.replace(defaults, **given)
        if position_limit is not None and recipe.max_length > position_limit:
            raise RecipeError(
                "max_length",
                f"The maximum length is {recipe.max_length}, but the model reads at most {position_limit} tokens. "
                "Choose that or less.",
            )
    except RecipeError as error:
        with places.get(error.field, st.container()):
            show_error(str(error))
        title = next((options[error.field].title for options in _GROUPS.values() if error.field in options), "")
        st.warning(f"See “{title}” among all options.")
        return None
    changed = [field for field in OPTIONS if getattr(recipe, field) != getattr(defaults, field)]
    if changed:
        _changed_note(changed)
    return recipe


_known = url.one_of(RECIPES)


def _ask(field: str, option: Option, default: Any) -> Any:
    """The widget of one option, of the kind that its default asks for."""
    if field == "precision":
        bound = url.bound(field, default, parse=url.one_of(PRECISIONS))
        return st.selectbox(option.title, PRECISIONS, help=option.help, **bound)
    if isinstance(default, bool):
        bound = url.bound(field, default, parse=lambda text: text == "1", show=lambda value: "1" if value else "0")
        return st.toggle(option.title, help=option.help, **bound)
    if isinstance(default, float):
        bound = url.bound(field, default, parse=float)
        return st.number_input(option.title, step=option.step, format="%g", help=option.help, **bound)
    bound = url.bound(field, default, parse=int)
    empty: dict[str, Any] = {"value": None, "placeholder": "all"} if default is None else {}
    step = int(option.step or 1)
    return st.number_input(option.title, step=step, format="%d", help=option.help, **empty, **bound)


def _changed_note(changed: list[str]) -> None:
    titles = {field: option.title for options in _GROUPS.values() for field, option in options.items()}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Changed: " + ", ".join(titles[field] for field in changed) + ".", width="content")
        st.button(
            "Back to the recipe",
            type="tertiary",
            icon=":material/undo:",
            on_click=url.write,
            kwargs=dict.fromkeys(changed),
        )
