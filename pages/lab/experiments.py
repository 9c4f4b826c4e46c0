"""The Lab page below its head: a form, the experiments so far, and what the chosen one has shown."""

from __future__ import annotations

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.figures import few_texts, interval_in_words
from bcos_core.jobs.made import result_of
from bcos_core.jobs.outlook import about
from bcos_core.jobs.store import Job
from bcos_core.lab.job import LAB
from bcos_core.lab.measures import MEASURES
from bcos_core.lab.plants import PLANTS
from bcos_core.lab.result import LabResult, Verification
from bcos_core.lab.sentence import lab_sentences
from bcos_core.lab.spec import METHODS_OF_LAB, LabSpec, unsupported
from bcos_core.numbers import count, percent
from bcos_core.render.lab import chance_in_words, lab_figure, lab_table
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.embedded import EMBEDDED_TASKS
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.plan import KINDS
from bcos_core.train.recipe import recipe_for
from pages.lab.planted import compare_button, show_planted
from pages.widgets import resources, url
from pages.widgets.chart import chart
from pages.widgets.errors import guard
from pages.widgets.jobs import choose_job, curves, job_store, jobs_of, show_chosen
from pages.widgets.left_out import left_out_rows
from pages.widgets.not_offered import not_offered
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.supervision import before_a_start

ENOUGH = 0.9  # of the texts: below, the model did not learn the shortcut well


def show_lab() -> None:
    jobs = jobs_of(LAB.name, "experiment")
    left_out_rows(jobs.left_out, ("experiment", "experiments"))
    with st.expander("New experiment", icon=":material/add:", expanded=not jobs), guard():
        _form()
    if not jobs:
        return
    job = choose_job("Experiment", "experiment", jobs.found)
    show_chosen(job, _shown)


def _shown(job: Job) -> None:
    _result(result_of(job, LabResult))
    curves(job)


def _form() -> None:
    plant = str(
        st.segmented_control(
            "Shortcut",
            list(PLANTS),
            format_func=lambda name: PLANTS[name].title,
            required=True,
            **url.bound("plant", "rare-word", parse=url.one_of(PLANTS)),
        )
    )
    st.caption(plain(PLANTS[plant].description))
    columns = st.columns(4)
    reasons = {
        name: unsupported(TASK_TYPES[EMBEDDED_TASKS[name].type], pairs=TaskChoice("embedded", name).pairs)
        for name in EMBEDDED_TASKS
    }
    tasks = [name for name, reason in reasons.items() if reason is None]
    task = columns[0].selectbox(
        "Task",
        tasks,
        format_func=lambda name: EMBEDDED_TASKS[name].title,
        **url.bound("task", "short-reviews", parse=url.one_of(tasks)),
    )
    share = columns[1].slider(
        "Planted share",
        5,
        100,
        step=5,
        format="%d %%",
        help="Of the training texts. A planted text has the shortcut's class, whatever it says.",
        **url.bound("share", 50, parse=url.from_to(5, 100)),
    )
    examples = columns[2].number_input(
        "Training examples",
        100,
        100_000,
        step=500,
        **url.bound("examples", 2000, parse=url.from_to(100, 100_000)),
    )
    limit = columns[3].number_input(
        "Planted test texts", 10, 10_000, step=50, **url.bound("limit", 100, parse=url.from_to(10, 10_000))
    )
    names = [method.name for method in METHODS.values() if not method.chance]
    methods = st.multiselect(
        "Methods",
        names,
        format_func=lambda name: METHODS[name].title,
        **url.bound_list("method", list(METHODS_OF_LAB), names),
    )
    not_offered({EMBEDDED_TASKS[name].title: reason for name, reason in reasons.items() if reason})
    if not methods:
        st.button("Plant and train", type="primary", disabled=True, help="Choose at least one method.")
        return
    choice = TaskChoice("embedded", str(task))
    recipe = LabSpec().recipe.replace(examples=int(examples), max_length=recipe_for("calibrated", choice).max_length)
    spec = LabSpec(plant, int(share) / 100, choice, recipe=recipe, methods=tuple(methods), limit=int(limit))
    before_a_start()
    with st.container(horizontal=True, vertical_alignment="center"):
        about_it = "Trains a B-cos model and its conventional twin."
        if offer(st.button, "Plant and train", Action.SUBMIT_JOB, type="primary", help=about_it):
            job, _ = LAB.submit(job_store(), spec)
            url.write(experiment=job.id)
            st.rerun()
        if (seconds := LAB.expected_seconds(job_store(), spec)) is not None:
            st.markdown(f"About {about(seconds)} on this machine.", width="content")


def _result(result: LabResult) -> None:
    first, *others = lab_sentences(result)
    st.header("Who finds what decides?", anchor=False)
    st.markdown(f"**{plain(first)}**")
    for sentence in others:
        st.markdown(plain(sentence))
    words = ", ".join(f"“{word}”" for word in result.words)
    st.markdown(plain(f"{PLANTS[result.plant].description} Planted: {words}."))
    for column, model in zip(st.columns(2), result.verification, strict=True):
        with column.container(border=True):
            _verified(model)
    if said := few_texts(result.verification[0].texts):
        st.caption(plain(said))
    kinds = {model.checkpoint: KINDS[model.kind] for model in result.verification}
    _found_by_words(result)
    show_planted(result, kinds)
    _measures(result, kinds)
    _examples(result, kinds)


def _found_by_words(result: LabResult) -> None:
    """To the words of the B-cos model, among which somebody who does not know the shortcut would find it."""
    known = resources.checkpoints()
    here = [model.checkpoint for model in result.verification if model.checkpoint in known]
    help = "Which words add most to each class, and whether to edit one changes the answer."
    if st.button("Find it by its words", disabled=not here, help=help if here else "The models are no longer here."):
        st.switch_page("models/page.py", query_params={"model": here[:1]})


def _verified(model: Verification) -> None:
    st.metric(f"{KINDS[model.kind]}: changes its answer with the planted word", percent(model.flips))
    st.caption(
        f"{interval_in_words(model.flipped, percent)}. Each of {count(model.texts, 'test text')} was planted for one "
        f"class, then for the other. It answers by the planted word in {percent(model.follows)}; by chance, in 50 %."
    )
    if model.flips < ENOUGH:
        st.caption(
            ":orange[This model did not learn the shortcut well. Scores are of the texts that it decides by it; more "
            "examples or a larger share make it clearer.]"
        )


def _measures(result: LabResult, kinds: dict[str, str]) -> None:
    st.header("How well does each method find it?", anchor=False)
    shown = str(
        st.segmented_control(
            "Measure",
            list(MEASURES),
            format_func=lambda name: MEASURES[name].title,
            required=True,
            **url.bound("measure", "top_3", parse=url.one_of(MEASURES)),
        )
    )
    st.caption(f"{MEASURES[shown].description} Over the texts that the model decides by the planted words.")
    if all(row.mean is None for row in result.rows if row.measure == shown):
        st.info(
            "No model decides a text by the planted words, so there is nothing to find. Train longer, or plant more."
        )
        return
    if said := chance_in_words(result.rows, shown, kinds):
        st.caption(plain(said))
    chart(
        lab_figure(result.rows, shown, kinds),
        key=f"lab-{shown}",
        name=f"planted_{result.plant}_{shown}",
        data=lambda: lab_table(result.rows, kinds),
    )


def _examples(result: LabResult, kinds: dict[str, str]) -> None:
    """Planted texts, each one click from the comparison."""
    known = resources.checkpoints()
    found = [one for one in result.examples if one.checkpoint in known]
    if not found:
        return
    st.header("More planted texts", anchor=False)
    rows = [
        {
            "model": kinds.get(one.checkpoint, one.checkpoint),
            "text": one.text,
            "planted": ", ".join(one.text[start:end] for start, end in one.truth),
        }
        for one in found
    ]
    event = st.dataframe(
        rows, hide_index=True, height=240, on_select="rerun", selection_mode="single-row", key="planted"
    )
    chosen = event.selection.rows
    compare_button(found[chosen[0]] if chosen else None, key="compare-chosen")
