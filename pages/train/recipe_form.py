"""Choosing the recipe on the Train page, with every option of it one click away."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bcos_core.ablation.advice import advice
from bcos_core.errors import RecipeError
from bcos_core.home import Home, get_home
from bcos_core.option import options_of
from bcos_core.text.tasks import TaskChoice
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

_OPTIONS = options_of(Recipe)
OPTIONS = tuple(_OPTIONS)
_REMEMBER_SECONDS = 30.0
_AT_FAULT = "recipe-at-fault"
_GROUPS = {
    title: {name: option for name, option in _OPTIONS.items() if option.group == title}
    for title in dict.fromkeys(option.group for option in _OPTIONS.values())
}


def choose_recipe(task: TaskChoice | None, model: ChosenModel | None) -> Recipe | None:
    """The widgets; a message beside every option at fault, and None, while options do not fit. It begins with the
    recipe that is usual for the model.

    A change of the recipe takes every option back to that recipe's value.
    """
    name = str(
        st.segmented_control(
            "Recipe",
            list(RECIPES),
            required=True,
            **url.bound("recipe", usual_recipe(model.mask_token if model else None), parse=_known, clears=OPTIONS),
        )
    )
    st.caption(_EXPLANATIONS.get(name, ""))
    defaults = recipe_for(name, task)
    values: dict[str, Any] = {}
    measured = _measured(str(get_home().root))
    places: dict[str, DeltaGenerator] = {}
    # Open from when something in it is to be corrected: it must not close again under somebody's hands. By another key
    # it is another one to the browser, which keeps the one that is there as it is.
    at_fault = bool(st.session_state.get(_AT_FAULT))
    with st.expander("All options", expanded=at_fault, key=f"all-options-{at_fault}"):
        for column, (title, options) in zip(st.columns(len(_GROUPS), gap="large"), _GROUPS.items(), strict=True):
            with column:
                st.markdown(f"**{title}**")
                for field, option in options.items():
                    values[field] = option_field(field, option, getattr(defaults, field))
                    if field in measured:
                        st.caption(plain(measured[field]))
                    places[field] = st.container()
    # An option that was emptied keeps the recipe's value, as one that is left out of the command line does.
    given = {field: value for field, value in values.items() if value is not None}
    if faults := _faults(defaults, given, model.position_limit if model else None):
        for field, said in faults.items():
            with places[field]:
                show_error(said)
        st.warning(f"Correct among all options: {', '.join(_OPTIONS[field].title for field in faults)}.")
        if not st.session_state.get(_AT_FAULT):
            st.session_state[_AT_FAULT] = True
            st.rerun()
        return None
    recipe = dataclasses.replace(defaults, **given)
    changed = [field for field in OPTIONS if getattr(recipe, field) != getattr(defaults, field)]
    if changed:
        _changed_note(changed)
    return recipe


def _faults(defaults: Recipe, given: Mapping[str, Any], position_limit: int | None) -> dict[str, str]:
    """What is wrong with each option, as the form calls it; where each fits alone, what does not fit together."""
    faults = {
        field: f"{_OPTIONS[field].title} is {value:g}; expected {_OPTIONS[field].expected}."
        for field, value in given.items()
        if not _OPTIONS[field].fits(value)  # a number: of all others the form offers only those that fit
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


_known = url.one_of(RECIPES)


def _changed_note(changed: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Changed: " + ", ".join(_OPTIONS[field].title for field in changed) + ".", width="content")
        st.button(
            "Back to the recipe",
            type="tertiary",
            icon=":material/undo:",
            on_click=url.write,
            kwargs=dict.fromkeys(changed),
        )
