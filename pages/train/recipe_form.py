"""Choosing the recipe on the Train page, with every option of it one click away."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bcos_core.ablation.advice import advice
from bcos_core.errors import RecipeError
from bcos_core.home import Home, get_home
from bcos_core.option import options_of
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.language.recipe import LANGUAGE_RECIPES, LanguageRecipe
from bcos_core.train.recipe import RECIPES, Recipe, recipe_for, usual_recipe
from pages.train.model_form import ChosenModel
from pages.widgets import url
from pages.widgets.errors import show_error
from pages.widgets.option import option_field
from pages.widgets.plain import plain

_EXPLANATIONS = {
    "calibrated": "Converts the model, refits its layers to the pretrained function, then fine-tunes.",
    "faithful": "Calibrated, and trained so that striking out a word changes the logit by what the heatmap says.",
    "paper": "As the B-cos LM paper does it: normalised weights, B from the first step, no calibration.",
    "conventional": "Plain fine-tuning, nothing converted: a model for post-hoc explanations only.",
}
_OF_LANGUAGE = {
    "calibrated": "Converts the model, refits its layers to the original, then learns the original's probabilities.",
    "paper": "As the B-cos LM paper does it: normalised weights, no calibration, cross-entropy on packed blocks.",
    "conventional": "Trains the original on, nothing converted.",
}

OPTIONS = tuple(options_of(Recipe))
LANGUAGE_OPTIONS = tuple(options_of(LanguageRecipe))
_REMEMBER_SECONDS = 30.0
_AT_FAULT = "recipe-at-fault"
Chosen = TypeVar("Chosen", Recipe, LanguageRecipe)


def choose_recipe(task: TaskChoice | None, model: ChosenModel | None) -> Recipe | None:
    """The widgets; a message beside every option at fault, and None, while options do not fit. It begins with the
    recipe that is usual for the model.

    A change of the recipe takes every option back to that recipe's value.
    """
    name = _choose_name(list(RECIPES), usual_recipe(model.mask_token if model else None), OPTIONS)
    st.caption(_EXPLANATIONS.get(name, ""))
    limit = model.position_limit if model else None
    return _choose_options(recipe_for(name, task), limit, _measured(str(get_home().root)))


def choose_language_recipe(model: ChosenModel | None) -> LanguageRecipe | None:
    """The same of a language model."""
    name = _choose_name(list(LANGUAGE_RECIPES), "calibrated", LANGUAGE_OPTIONS)
    st.caption(_OF_LANGUAGE.get(name, ""))
    return _choose_options(LANGUAGE_RECIPES[name], model.position_limit if model else None, {})


def _choose_name(names: list[str], usual: str, clears: tuple[str, ...]) -> str:
    bound = url.bound("recipe", usual, parse=url.one_of(names), clears=clears)
    return str(st.segmented_control("Recipe", names, required=True, **bound))


def _choose_options(defaults: Chosen, position_limit: int | None, measured: Mapping[str, str]) -> Chosen | None:
    """The recipe with what was changed in it; `measured` is what is known of single options, for beside them."""
    known = options_of(type(defaults))
    groups = {
        title: {name: option for name, option in known.items() if option.group == title}
        for title in dict.fromkeys(option.group for option in known.values())
    }
    values: dict[str, Any] = {}
    places: dict[str, DeltaGenerator] = {}
    # Open from when something in it is to be corrected: it must not close again under somebody's hands. By another key
    # it is another one to the browser, which keeps the one that is there as it is.
    at_fault = bool(st.session_state.get(_AT_FAULT))
    with st.expander("All options", expanded=at_fault, key=f"all-options-{at_fault}"):
        for column, (title, options) in zip(st.columns(len(groups), gap="large"), groups.items(), strict=True):
            with column:
                st.markdown(f"**{title}**")
                for field, option in options.items():
                    values[field] = option_field(field, option, getattr(defaults, field))
                    if field in measured:
                        st.caption(plain(measured[field]))
                    places[field] = st.container()
    # An option that was emptied keeps the recipe's value, as one that is left out of the command line does.
    given = {field: value for field, value in values.items() if value is not None}
    if faults := _faults(defaults, given, position_limit):
        for field, said in faults.items():
            with places[field]:
                show_error(said)
        st.warning(f"Correct among all options: {', '.join(known[field].title for field in faults)}.")
        if not st.session_state.get(_AT_FAULT):
            st.session_state[_AT_FAULT] = True
            st.rerun()
        return None
    recipe = dataclasses.replace(defaults, **given)
    changed = {field: option.title for field, option in known.items() if given.get(field) != getattr(defaults, field)}
    if changed := {field: title for field, title in changed.items() if field in given}:
        _changed_note(changed)
    return recipe


def _faults(defaults: Recipe | LanguageRecipe, given: Mapping[str, Any], position_limit: int | None) -> dict[str, str]:
    """What is wrong with each option, as the form calls it; where each fits alone, what does not fit together."""
    known = options_of(type(defaults))
    faults = {
        field: f"{known[field].title} is {value:g}; expected {known[field].expected}."
        for field, value in given.items()
        if not known[field].fits(value)  # a number: of all others the form offers only those that fit
    }
    length = given.get("max_length", defaults.max_length)
    if "max_length" not in faults and position_limit is not None and length > position_limit:
        faults["max_length"] = (
            f"The maximum length is {length}, but the model reads at most {position_limit} tokens. Choose that or less."
        )
    if not faults:
        try:
            dataclasses.replace(defaults, **given)
        except RecipeError as error:
            faults[error.field] = str(error)
    return faults


@st.cache_data(ttl=_REMEMBER_SECONDS, max_entries=4, show_spinner=False)
def _measured(home: str) -> dict[str, str]:
    """What ablations say of single options, for beside their fields."""
    return advice(Home(Path(home)))


def _changed_note(changed: Mapping[str, str]) -> None:
    """Which options are changed, by their titles, and a way back."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Changed: " + ", ".join(changed.values()) + ".", width="content")
        st.button(
            "Back to the recipe",
            type="tertiary",
            icon=":material/undo:",
            on_click=url.write,
            kwargs=dict.fromkeys(changed),
        )
