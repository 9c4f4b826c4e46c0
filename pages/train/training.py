"""The Train page below its head: a model, a task, a recipe, and about how long they take together."""

from __future__ import annotations

import streamlit as st

from bcos_core.jobs.store import Job
from bcos_core.train.job import TRAIN
from bcos_core.train.spec import TrainSpec
from pages.train.model_form import choose_model
from pages.train.name_form import choose_name
from pages.train.recipe_form import OPTIONS, choose_recipe
from pages.train.task_form import ChosenTask, choose_task
from pages.widgets import url
from pages.widgets.errors import guard
from pages.widgets.jobs import cancel_button, job_store, state_badge, time_needed
from pages.widgets.plain import plain
from pages.widgets.supervision import supervisor_notice


def show_training() -> None:
    url.come_back("train")
    if st.query_params and st.button("Start over", type="tertiary", icon=":material/restart_alt:"):
        url.forget("train")
        st.rerun()
    model, task, recipe, named = None, None, None, None
    # Each in its own guard: what is wrong in one card leaves the others as they are.
    with st.container(border=True), guard():
        model = choose_model()
    with st.container(border=True), guard():
        task = choose_task(clears=OPTIONS)
    with st.container(border=True), guard():
        recipe = choose_recipe(None if task is None else task.choice, model)
    with st.container(border=True), guard():
        named = choose_name()
    url.remember("train")
    if model is None or task is None or recipe is None or named is None:
        cards = {
            "Choose a model first.": model,
            "Choose a task first.": task,
            "Settle the option first that does not fit.": recipe,
            "Choose another name or shorter notes first.": named,
        }
        missing = next(what for what, chosen in cards.items() if chosen is None)
        st.button("Start training", type="primary", disabled=True, help=missing)
        return
    begin(TrainSpec(model.source, task.choice, recipe, named.name, named.notes), task)


def begin(spec: TrainSpec, task: ChosenTask) -> None:
    """The last step: the time it takes, and the button; or the job that does the same work already."""
    with guard():
        active = next(iter(job_store().list(key=spec.key, active=True)), None)
        if active is not None:
            already(active)
            return
        supervisor_notice()
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Start training", type="primary"):
                start(spec)
            st.markdown(how_long(spec, task), width="content")


def already(job: Job) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown("This very job is active already.", width="content")
        state_badge(job)
        cancel_button(job)
        if st.button("Show it", type="primary"):
            st.switch_page("jobs/page.py", query_params={"job": job.id})


def start(spec: TrainSpec) -> None:
    """Put the job in the queue and show it. Of two tabs that start the same work, the second one is told."""
    job, is_new = TRAIN.submit(job_store(), spec)
    if not is_new:
        st.rerun()
    url.write(name=None, notes=None)  # the next one is another model
    url.remember("train")
    st.switch_page("jobs/page.py", query_params={"job": job.id})


def how_long(spec: TrainSpec, task: ChosenTask) -> str:
    if task.data is None:
        return ":gray[How long it takes is known when the data are read.]"
    models = "both models" if spec.recipe.bcos and spec.recipe.twin else "the model"
    return plain(time_needed(TRAIN, spec, f"for {models}"))
