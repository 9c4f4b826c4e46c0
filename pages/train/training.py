"""The Train page below its head: what is trained, a model, a task or texts, a recipe, and about how long they take
together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.device import CUDA
from bcos_core.jobs.devices import visible_devices
from bcos_core.jobs.kind import AnyKind
from bcos_core.jobs.store import Job
from bcos_core.model.embedded import LANGUAGE_MODEL
from bcos_core.numbers import file_size
from bcos_core.train.job import TRAIN
from bcos_core.train.language.job import LANGUAGE_MODEL as LANGUAGE_TRAINING
from bcos_core.train.language.memory import Memory, lack_of_memory
from bcos_core.train.language.plan import memory_plan
from bcos_core.train.language.spec import LanguageSpec
from bcos_core.train.named_work import PROCESSES
from bcos_core.train.spec import TrainSpec
from pages.server.roles import may_do
from pages.train.model_form import choose_model
from pages.train.name_form import choose_name
from pages.train.recipe_form import LANGUAGE_OPTIONS, OPTIONS, choose_language_recipe, choose_recipe
from pages.train.task_form import ChosenTask, choose_task
from pages.train.texts_form import choose_texts
from pages.widgets import url
from pages.widgets.errors import guard
from pages.widgets.jobs import cancel_button, job_store, state_badge, time_needed
from pages.widgets.option import option_field
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.supervision import before_a_start

START, STARTED = "start-training", "started-here"
_KINDS = {"classifier": "A classifier of texts", "language-model": "A language model"}


def show_training() -> None:
    if not may_do(Action.SUBMIT_JOB):  # nothing is read, or fetched, for those who may not train
        offer(st.button, "Start training", Action.SUBMIT_JOB, type="primary", key=START)
        return
    url.come_back("train")
    # A place of its own, also while it is empty: what moves down by one is drawn anew, and loses the keyboard.
    with st.container():
        if st.query_params and st.button("Start over", type="tertiary", icon=":material/restart_alt:"):
            url.forget("train")
            st.rerun()
    kind = st.segmented_control(
        "What is trained",
        list(_KINDS),
        format_func=_KINDS.__getitem__,
        required=True,
        **url.bound(
            "kind",
            "classifier",
            parse=url.one_of(_KINDS),
            clears=("from", "task", "recipe", "text-column", *OPTIONS, *LANGUAGE_OPTIONS),
        ),
    )
    if kind == "language-model":
        show_language_training()
    else:
        show_classifier_training()


def show_language_training() -> None:
    """A language model: converted, calibrated, and trained on running text."""
    model, texts, recipe, named, doing, processes = None, None, None, None, None, 1
    with st.container(border=True), guard():
        model = choose_model(LANGUAGE_MODEL)
    with st.container(border=True), guard():
        texts = choose_texts()
    with st.container(border=True), guard():
        recipe = choose_language_recipe(model)
        processes = choose_processes()
        if model is not None and texts is not None and recipe is not None:
            doing = doing_it(LanguageSpec(model.source, texts, recipe))
    with st.container(border=True), guard():
        named = choose_name(doing)
    url.remember("train")
    if model is None or texts is None or recipe is None or named is None:
        held_up({"model": model, "texts": texts, "recipe": recipe, "name": named})
        return
    spec = LanguageSpec(model.source, texts, recipe, named.name, named.notes, processes)
    with guard():
        memory = memory_needed(spec)
        if memory is not None and (lack := lack_of_memory(memory, Path(spec.model).name)):
            st.warning(plain(f"{lack} The job is refused if no more is free when it starts."), icon=":material/memory:")
        needed = "" if memory is None else plain(f"About {file_size(round(memory.total))} of memory.")
        begin(LANGUAGE_TRAINING, spec, f"{how_long_language(spec)} {needed}")


def show_classifier_training() -> None:
    """A classifier, and its conventional twin."""
    model, task, recipe, named, doing, processes = None, None, None, None, None, 1
    # Each in its own guard: what is wrong in one card leaves the others as they are.
    with st.container(border=True), guard():
        model = choose_model()
    with st.container(border=True), guard():
        task = choose_task(clears=OPTIONS)
    with st.container(border=True), guard():
        recipe = choose_recipe(None if task is None else task.choice, model)
        processes = choose_processes()
        if model is not None and task is not None and recipe is not None:
            doing = doing_it(TrainSpec(model.source, task.choice, recipe))
    with st.container(border=True), guard():
        named = choose_name(doing)
    url.remember("train")
    if model is None or task is None or recipe is None or named is None:
        held_up({"model": model, "task": task, "recipe": recipe, "name": named})
        return
    spec = TrainSpec(model.source, task.choice, recipe, named.name, named.notes, processes)
    with guard():
        begin(TRAIN, spec, how_long(spec, task))


def choose_processes() -> int:
    """How many processes train together: a field where there are several GPUs, else one."""
    gpus = count_gpus()
    if gpus < 2:
        return 1
    return option_field("processes", dataclasses.replace(PROCESSES, most=gpus), 1, bounded=True) or 1


@st.cache_data(ttl=600, show_spinner=False)
def count_gpus() -> int:
    """Those of this machine; asking takes seconds where there are any."""
    return sum(device.startswith(CUDA) for device in visible_devices())


_MISSING = {
    "model": "Choose a model first.",
    "task": "Choose a task first.",
    "texts": "Choose texts first.",
    "recipe": "Settle the option first that does not fit.",
    "name": "Choose another name or shorter notes first.",
}


def held_up(cards: Mapping[str, object]) -> None:
    """The button as long as one of the cards has no answer, and which that is."""
    missing = next(_MISSING[what] for what, chosen in cards.items() if chosen is None)
    st.button("Start training", type="primary", disabled=True, help=missing)


def begin(kind: AnyKind, spec: TrainSpec | LanguageSpec, needed: str) -> None:
    """The last step: what it needs, and the button; or the job that does the same work already."""
    if (active := doing_it(spec)) is not None:
        # The second click of two: the first one's run has made the job, and was cut off before it could show it.
        if st.session_state.get(START) and st.session_state.get(STARTED) == active.id:
            show_started(active)
        already(active)
        return
    before_a_start()
    with st.container(horizontal=True, vertical_alignment="center"):
        if offer(st.button, "Start training", Action.SUBMIT_JOB, type="primary", key=START):
            start(kind, spec)
        st.markdown(needed, width="content")


def doing_it(spec: TrainSpec | LanguageSpec) -> Job | None:
    """The job that does this work already, whatever it calls the model."""
    return next(iter(job_store().list(key=spec.key, active=True)), None)


def already(job: Job) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown("This very job is active already.", width="content")
        state_badge(job)
        cancel_button(job)
        if st.button("Show it", type="primary"):
            st.switch_page("jobs/page.py", query_params={"job": job.id})


def start(kind: AnyKind, spec: TrainSpec | LanguageSpec) -> None:
    """Put the job in the queue and show it. Of two tabs that start the same work, the second one is told."""
    job, is_new = kind.submit(job_store(), spec)
    if not is_new:
        st.rerun()
    st.session_state[STARTED] = job.id
    show_started(job)


def show_started(job: Job) -> None:
    url.write(name=None, notes=None)  # the next one is another model
    url.remember("train")
    st.switch_page("jobs/page.py", query_params={"job": job.id})


def how_long(spec: TrainSpec, task: ChosenTask) -> str:
    if task.data is None:
        return ":gray[How long it takes is known when the data are read.]"
    models = "both models" if spec.recipe.bcos and spec.recipe.twin else "the model"
    return plain(time_needed(TRAIN, spec, f"for {models}"))


def how_long_language(spec: LanguageSpec) -> str:
    if spec.texts.kind == "hub":
        return ":gray[How long it takes is known when the texts are read.]"
    return plain(time_needed(LANGUAGE_TRAINING, spec))


def memory_needed(spec: LanguageSpec) -> Memory | None:
    """About how much memory it takes; of a hub model that is known when it is there."""
    source = spec.model
    if source != LANGUAGE_MODEL and not Path(source).is_dir():
        return None
    return memory_plan(source, spec.recipe)
