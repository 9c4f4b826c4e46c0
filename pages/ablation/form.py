"""Choosing what to vary: a task, a default recipe, options with their values; and about how long that takes."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bcos_core.ablation.grid import VARIED, Value, read_value
from bcos_core.ablation.job import ABLATE
from bcos_core.ablation.spec import AblationSpec
from bcos_core.access.table import Action
from bcos_core.errors import InputError
from bcos_core.jobs.outlook import about
from bcos_core.numbers import count
from bcos_core.option import Option, options_of
from bcos_core.text.embedded import EMBEDDED_TASKS
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import RECIPES, Recipe, recipe_for
from pages.widgets import url
from pages.widgets.errors import show_error
from pages.widgets.jobs import job_store
from pages.widgets.option import option_field
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.supervision import before_a_start

_OPTIONS = options_of(AblationSpec)
_SCORING = ("limit", "bounded_texts", "bounded_length", "beam_width", "pairs")
_FIRST = {"b": "1, 1.25, 1.5, 2"}
"""What is varied before anyone chooses."""
_SIZE = {"examples": 2000, "epochs": 1.0}
"""Of each training before anyone chooses: several seeds of short ones tell recipes apart sooner than few long ones,
which take a night."""
_DEFAULT = "default-"
"""Before the names of the default's options in the address."""


def choose_ablation() -> None:
    """The form. The address holds every choice, so that a link proposes the same ablation."""
    columns = st.columns(3)
    task = columns[0].selectbox(
        "Task",
        list(EMBEDDED_TASKS),
        format_func=lambda name: EMBEDDED_TASKS[name].title,
        help="Files and hub data sets: on the command line, --task.",
        **url.bound("task", "short-reviews", parse=url.one_of(EMBEDDED_TASKS)),
    )
    recipes = [recipe.name for recipe in RECIPES.values() if recipe.bcos]
    name = columns[1].selectbox(
        "Default recipe",
        recipes,
        help="What every other recipe is compared with.",
        **url.bound("recipe", "calibrated", parse=url.one_of(recipes)),
    )
    choice = TaskChoice("embedded", str(task))
    with columns[2]:
        numbers: dict[str, Any] = {"seeds": _own("seeds")}
    recipe = _default(recipe_for(str(name), choice).replace(**_SIZE))
    vary = _choose_values()
    for column, option in zip(st.columns(2), ("crossed", "twin"), strict=True):
        with column:
            numbers[option] = _own(option)
    with st.popover("How heatmaps are scored", icon=":material/tune:"):
        numbers |= {option: _own(option) for option in _SCORING}
    if recipe is None or not vary:
        st.button("Train and compare", type="primary", disabled=True, help="Settle first what does not fit.")
        return
    try:
        spec = AblationSpec(task=choice, recipe=recipe, vary=vary, **numbers)
    except InputError as error:
        show_error(str(error))
        st.button("Train and compare", type="primary", disabled=True, help="Settle first what does not fit.")
        return
    _begin(spec)


def _own(name: str) -> Any:
    """One of the ablation's own options."""
    option = _OPTIONS[name]
    value = option_field(name, option, option.default, bounded=True)
    return option.default if value is None else value


def _default(recipe: Recipe) -> Recipe | None:
    """The default recipe with the options that were chosen for it; None, with a message, where they do not fit."""
    options = {name: option for name, option in options_of(Recipe).items() if name not in ("bcos", "twin")}
    groups = {
        title: {name: option for name, option in options.items() if option.group == title}
        for title in dict.fromkeys(option.group for option in options.values())
    }
    values: dict[str, Any] = {}
    with st.popover("Options of the default", icon=":material/tune:"):
        for title, members in groups.items():
            st.markdown(f"**{title}**")
            for name, option in members.items():
                values[name] = option_field(f"{_DEFAULT}{name}", option, getattr(recipe, name), bounded=True)
    try:
        return recipe.replace(**values)
    except InputError as error:
        show_error(str(error))
        return None


def _choose_values() -> dict[str, tuple[Value, ...]]:
    """The options that are varied and their values; nothing, with a message, where some do not fit."""
    names = st.multiselect(
        "Options to vary",
        list(VARIED),
        format_func=lambda name: VARIED[name].title,
        help="\n".join(f"- **{plain(one.title)}**: {plain(one.help)}" for one in VARIED.values()),
        **url.bound_list("vary", list(_FIRST), VARIED),
    )
    found: dict[str, tuple[Value, ...]] = {}
    wrong = False
    for name in names:
        try:
            found[name] = _values(name, VARIED[name])
        except InputError as error:
            show_error(str(error))
            wrong = True
    return {} if wrong else found


def _values(name: str, option: Option) -> tuple[Value, ...]:
    """
    Raises:
        InputError: what was typed is no value.
    """
    choices = option.choices or (("yes", "no") if option.type is bool else ())
    if choices:
        chosen = st.multiselect(option.title, choices, **url.bound_list(f"vary-{name}", list(choices), choices))
        return tuple(read_value(name, one) for one in chosen)
    default = _FIRST.get(name, "none" if option.default is None else f"{option.default:g}")
    typed = st.text_input(
        f"{option.title}: values",
        help=f"{option.help} Values with commas between them.",
        **url.bound(f"vary-{name}", default),
    )
    return tuple(read_value(name, one) for one in str(typed).split(",") if one.strip())


def _begin(spec: AblationSpec) -> None:
    """What the grid is, the time that it takes, and the button."""
    rows, left_out = spec.grid()
    trainings = count((len(rows) + spec.twin) * spec.seeds, "training")
    st.markdown(plain(f"{count(len(rows), 'recipe')}: {'; '.join(row.name for row in rows)}. {trainings} in all."))
    for one in left_out:
        st.caption(plain(f"Left out: {one.name}. {one.reason}"))
    before_a_start()
    with st.container(horizontal=True, vertical_alignment="center"):
        if offer(st.button, "Train and compare", Action.SUBMIT_JOB, type="primary"):
            job, _ = ABLATE.submit(job_store(), spec)
            url.write(ablation=job.id)
            st.rerun()
        if (seconds := ABLATE.expected_seconds(job_store(), spec)) is not None:
            st.markdown(
                plain(f"About {about(seconds)} at most on this machine. What was trained before is not trained again."),
                width="content",
            )
