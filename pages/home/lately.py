"""What has ended lately, with its result and the way to it; which models are new; and what to do next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from bcos_core.evaluate.figures import figure_in_words
from bcos_core.home import get_home
from bcos_core.jobs.kinds import NAMES, kind_of
from bcos_core.jobs.store import Job, JobState
from bcos_core.lab.models import is_planted
from bcos_core.model.info import CheckpointInfo, list_checkpoints
from bcos_core.model.learned import unlearned
from bcos_core.numbers import count
from bcos_core.tasks.registry import TASK_TYPES
from pages.widgets.jobs import (
    cancel_button,
    figures_line,
    job_store,
    looked_at,
    state_icon,
    summary,
    trained_models,
    watch,
)
from pages.widgets.plain import plain

JOBS_SHOWN = 5
MODELS_SHOWN = 4


@dataclass(frozen=True)
class Step:
    """Something to do next: why, and the button that leads there."""

    why: str
    button: str
    page: str


def lately() -> None:
    """The newest jobs and the newest models, beside each other; nothing where there are none."""
    jobs = job_store().list(limit=JOBS_SHOWN).found
    models = [info for info in list_checkpoints(get_home()) if info.created_at and not is_planted(info)][:MODELS_SHOWN]
    if not jobs and not models:
        return
    ran, made = st.columns(2, gap="large")
    if jobs:
        with ran:
            st.header("What ran lately", anchor=False)
            for job in jobs:
                watch(job.id, _job)
    if models:
        with made:
            st.header("New models", anchor=False)
            for info in models:
                _model(info)


def _job(job: Job) -> None:
    """A line with what came out, which opens the result."""
    said = " · ".join(part for part in (summary(job), _outcome(job)) if part)
    with st.container(horizontal=True, vertical_alignment="top", gap="small", key=f"line-{job.id}"):
        opened = st.button(
            f"{plain(job.title)}  \n:gray[{plain(said)}]",
            key=f"open-{job.id}",
            icon=state_icon(job),
            type="tertiary",
            width="stretch",
        )
        if job.active:
            cancel_button(job, small=True)
    if opened:
        looked_at(job)
        page, parameters = place_of(job)
        st.switch_page(f"{page}/page.py", query_params=parameters)


def _model(info: CheckpointInfo) -> None:
    opened = st.button(
        f"{plain(info.name)}  \n:gray[{plain(_said(info))}]",
        key=f"open-{info.path.name}",
        icon=":material/deployed_code:",
        type="tertiary",
        width="stretch",
    )
    if opened:
        st.switch_page("models/page.py", query_params={"model": info.path.name})


def _outcome(job: Job) -> str:
    if job.state == JobState.FAILED:
        return job.message.partition(". ")[0]
    if job.state != JobState.SUCCEEDED:
        return ""
    return figures_line(job)


def place_of(job: Job) -> tuple[str, dict[str, str | list[str]]]:
    """Where a job's result is shown: the page, and its parameters."""
    if job.state == JobState.SUCCEEDED and (models := trained_models(job)):
        return "compare", {"model": models}
    if job.state == JobState.SUCCEEDED and (speaking := trained_models(job, speak=True)):
        return "generate", {"model": speaking[0]}
    kind = kind_of(job.kind) if job.kind in NAMES and job.state == JobState.SUCCEEDED else None
    if kind and kind.page:
        named = str((job.result or {}).get(kind.parameter, job.id))
        return kind.page, {kind.parameter: named} if kind.parameter else {}
    return "jobs", {"job": job.id}


def _said(info: CheckpointInfo) -> str:
    """What a model was made for, how good it is, and when it was made."""
    parts = [TASK_TYPES[info.task_type].title.lower(), "reads pairs" if info.pairs else ""]
    metric = next((metric for metric in TASK_TYPES[info.task_type].metrics if metric.name in info.metrics), None)
    if metric is not None:
        value, interval = info.metrics[metric.name], info.intervals.get(metric.name)
        of = f" on {count(info.test_size, 'text')}" if info.test_size else ""
        parts.append(f"{figure_in_words(metric, value, info.test_size, interval)}{of}")
    if unlearned(info):
        parts.append("not shown to be better than the same answer to every text")
    parts.append(f"made {info.created_at[:10]}")
    return " · ".join(part for part in parts if part)


def next_step() -> None:
    """One sentence and one button."""
    step = find_step(lambda kind: any(job.state == JobState.SUCCEEDED for job in job_store().list(kind=kind, limit=20)))
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**Next:** {plain(step.why)}", width="content")
        if st.button(step.button):
            st.switch_page(f"{step.page}/page.py")


def find_step(done: Callable[[str], bool]) -> Step:
    """The first in the order of the work of which no job is `done`, by its kind."""
    steps = {
        "evaluate": Step(
            "Which heatmaps can be believed? Evaluate measures what happens when the coloured words are removed.",
            "Evaluate the methods",
            "evaluate",
        ),
        "audit": Step("Where are the models right, and do they look at the same words?", "Audit the models", "models"),
        "lab": Step("Does a method find a word that is known to decide?", "Plant a word", "lab"),
        "lock": Step(
            "Do the heatmaps help people? Ask raters who do not know which is which.", "Plan a study", "studies"
        ),
    }
    first = next((name for name in steps if not done(name)), None)
    return steps[first] if first else Step("Train the models on your own data.", "Train", "train")
