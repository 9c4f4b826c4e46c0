"""One job as pages show it: its state in words, live progress, curves, result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from bcos_core.access.table import Action
from bcos_core.errors import BcosError
from bcos_core.evaluate.figures import interval_in_words, known_figure
from bcos_core.home import get_home, require_allowed
from bcos_core.jobs import news
from bcos_core.jobs.kind import AnyKind
from bcos_core.jobs.made import MadeModel, made_by
from bcos_core.jobs.outlook import about, time_left
from bcos_core.jobs.queue import place_in_line
from bcos_core.jobs.store import Curve, Job, JobState, JobStore
from bcos_core.model.info import read_config
from bcos_core.numbers import count, duration, number, percent
from bcos_core.render.curves import curves_table, learning_figures
from bcos_core.storage.artefacts.shared import shared
from bcos_core.storage.audit import demand
from bcos_core.storage.listing import Listing
from bcos_core.tasks.next_token import PERPLEXITY, RATIO
from pages.server import roles
from pages.server.database import store_for
from pages.server.roles import later_database, require_member
from pages.widgets import url
from pages.widgets.chart import chart
from pages.widgets.errors import guard, show_error
from pages.widgets.frame import fragment
from pages.widgets.missing import missing_in_link
from pages.widgets.pace import PACE
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.stages import explain_stage

REFRESH_SECONDS = 1.5
FOLLOW_SECONDS = 4.0
CHARTS_IN_A_ROW = 2
KIND_LENGTH = 50
MOST_LISTED = 1_000_000

_INTERRUPTED = ("Interrupted", "orange", ":material/pause_circle:")
_STATES = {
    JobState.QUEUED: ("Waiting", "gray", ":material/schedule:"),
    JobState.RUNNING: ("Running", "blue", ":material/play_circle:"),
    JobState.SUCCEEDED: ("Done", "green", ":material/check_circle:"),
    JobState.FAILED: ("Failed", "red", ":material/error:"),
    JobState.CANCELLED: ("Cancelled", "gray", ":material/cancel:"),
}


def job_store() -> JobStore:
    """For members alone, in their name: whatever starts, stops or deletes a job comes through here."""
    return store_for(require_member())


def later_store() -> Callable[[], JobStore]:
    """What `job_store` gives, for a deferred download, which is made outside of any run.

    Raises:
        NotAllowedError: when it is asked for: whoever was here may not see the dashboard any more.
    """
    later = later_database()

    def store() -> JobStore:
        database = later()
        demand(database, Action.BROWSE)
        return JobStore(get_home(), database)

    return store


def researcher() -> str:
    """Who is at the browser, as far as the server knows: one and the same where nobody logs in."""
    return roles.actor().id


def looked_at(*jobs: Job) -> None:
    """Those of them that have ended are no news any more (`pages.widgets.news`)."""
    ended = {job.id for job in jobs if not job.active}
    if ended:
        news.look_at(job_store(), researcher(), news.unseen(job_store(), researcher(), among=sorted(ended), limit=None))


def interrupted(job: Job) -> bool:
    """Whether its process is gone and no supervisor has noticed yet."""
    return job.state == JobState.RUNNING and not job.seems_alive()


def state_look(job: Job) -> tuple[str, str, str]:
    """The state's title, colour and icon."""
    if interrupted(job):
        return _INTERRUPTED
    title, colour, icon = _STATES[job.state]
    return "Stopping" if job.active and job.cancel_requested else title, colour, icon


def state_title(job: Job) -> str:
    return state_look(job)[0]


def state_icon(job: Job) -> str:
    return state_look(job)[2]


def state_badge(job: Job) -> None:
    title, colour, icon = state_look(job)
    st.badge(title, icon=icon, color=colour)  # type: ignore[arg-type]


def watch(job_id: str, draw: Callable[[Job], None]) -> None:
    """Draw a job, again and again while it is active; when it ends, the whole page once."""
    job = job_store().get(job_id)

    def live() -> None:
        with guard():
            now = job_store().get(job_id)
            if job.active and not now.active:
                st.rerun()
            draw(now)

    fragment(run_every=REFRESH_SECONDS if job.active else None)(live)()


def follow() -> None:
    """Draw the page anew when a job begins or ends elsewhere: another tab, the command line, a run of this page
    that a quick second click has cut off."""

    drawn = job_store().look()

    def look() -> None:
        with guard():
            if job_store().look() != drawn:
                st.rerun()

    fragment(run_every=FOLLOW_SECONDS)(look)()


def progress(job: Job) -> None:
    """Stage, what it does, the bar and the time left."""
    if job.state == JobState.QUEUED:
        st.markdown(" ".join(part for part in (f"{_in_line(job, _italic)}.", plain(job.message)) if part))
        return
    place = f", {job.stage_index + 1} of {job.stage_count}" if job.stage_count else ""
    st.markdown(f"**{plain(job.stage or 'Starting')}**{place}{_time_left(job)}")
    if job.message:  # what it waits for where it was started
        st.markdown(plain(job.message))
    st.progress(min(1.0, max(0.0, job.progress or 0.0)))
    if explanation := explain_stage(job.stage):
        st.caption(explanation)


def stoppable(job: Job) -> None:
    """The progress of a job that a page waits for, and a way to stop it."""
    with st.container(horizontal=True, vertical_alignment="top"):
        with st.container(width="stretch"):
            progress(job)
        cancel_button(job)


def _in_line(job: Job, emphasis: Callable[[str], str]) -> str:
    place = place_in_line(job_store(), job)
    return "Waiting" if place is None else place.words(emphasis)


def cancel_button(job: Job, *, small: bool = False) -> None:
    """Wherever an active job is shown, it can be stopped there; `small`: beside a line."""
    pressed = offer(
        st.button,
        f":material/close: Cancel {plain(job.title)}" if small else "Cancel",  # its words are heard (`style.css`)
        Action.CANCEL_JOB,
        owner=job.owner,
        of=job.id,
        key=f"cancel-{job.id}-{small}",
        type="tertiary" if small else "secondary",
        disabled=job.cancel_requested,
        help=f"Cancel “{plain(job.title)}”. What was done is kept." if small else "What was done is kept.",
    )
    if pressed:
        with guard():
            job_store().cancel(job.id)
        st.rerun()


def curves(job: Job) -> None:
    """Loss and accuracy as they are known so far, and their data."""
    # A long curve takes a while to read and draw; the last one, of a job that has ended, is always whole.
    points, figures = PACE.look(
        ("curves", str(get_home().root), job.id, job.attempt, job.state), lambda: _learning(job_store().metrics(job.id))
    )
    if not figures:
        return
    drawn = st.container(key=f"job-curves-{job.id}")
    for begin in range(0, len(figures), CHARTS_IN_A_ROW):
        columns = drawn.columns(CHARTS_IN_A_ROW, gap="large")
        for place, figure in enumerate(figures[begin : begin + CHARTS_IN_A_ROW]):
            with columns[place]:
                chart(
                    figure,
                    key=f"curve-{job.id}-{begin + place}",
                    name=f"curves_{job.title}_{begin + place + 1}",
                    data=lambda: curves_table(points),
                )


def _learning(points: dict[str, Curve]) -> tuple[dict[str, Curve], list[go.Figure]]:
    return points, learning_figures(points)


def time_needed(kind: AnyKind, spec: Any, what: str = "") -> str:
    """About how long a job would take, as far as earlier ones tell: "About 4 min on this machine, for both models.";
    "" where nobody knows."""
    seconds = kind.expected_seconds(job_store(), spec)
    return "" if seconds is None else f"About {about(seconds)} on this machine{f', {what}' if what else ''}."


def jobs_of(kind: str, parameter: str) -> Listing[Job]:
    """The newest jobs of a kind, as many as the address says (`listed`), and the one that it names, however old it is:
    what `choose_job` chooses from."""
    newest = job_store().list(kind=kind, limit=listed(KIND_LENGTH))
    named = url.read(parameter)
    if not named or any(job.id == named for job in newest):
        return newest
    with guard():
        old = job_store().find(named)
        if old is not None and old.kind == kind:
            return replace(newest, found=(*newest.found, old))
    return newest


def listed(least: int) -> int:
    """How many jobs a list shows, as the address says."""
    return max(least, url.number("listed", below=MOST_LISTED) or 0)


def choose_job(label: str, parameter: str, jobs: Sequence[Job], *, clears: tuple[str, ...] = ()) -> Job:
    """The job that the address names, or the newest; `jobs` are of one kind, titled "Kind · what it is about"."""
    shown = listed(KIND_LENGTH)
    if len(jobs) >= shown and (older := job_store().count(jobs[0].kind) - shown) > 0:
        more = min(older, KIND_LENGTH)
        if st.button(f"List {more} of {count(older, 'older one')}", type="tertiary", key=f"older-{parameter}"):
            url.write(listed=str(shown + KIND_LENGTH))
            st.rerun()
    titles = _choices(jobs)
    missing_in_link(parameter, titles)
    chosen = st.selectbox(
        label,
        list(titles),
        format_func=lambda id: titles[id],
        **url.bound(parameter, jobs[0].id, parse=url.one_of(titles), clears=clears),
    )
    job = next(job for job in jobs if job.id == chosen)
    looked_at(job)
    return job


def _choices(jobs: Sequence[Job]) -> dict[str, str]:
    """Id → what is to be chosen, no two alike: a browser sends the title alone, so that of two the first would be taken
    for the second. Without how long ago it was, which changes while the list is open."""
    titles: dict[str, str] = {}
    for job in jobs:
        about = f"{job.title.partition(' · ')[2] or job.title} · {state_title(job)}"
        title = f"{about} · {job.created_at:%d %b %Y %H:%M} UTC"
        if title in titles.values():
            title = f"{about} · {job.created_at:%d %b %Y %H:%M:%S} UTC · job {job.id}"
        titles[job.id] = title
    return titles


def show_chosen(job: Job, result: Callable[[Job], None]) -> None:
    """A job of a page, such as `choose_job` gives: what it does while it is active, its `result` when it has one, else
    why it has none."""
    with guard():
        if job.active:
            watch(job.id, running)
        elif job.state == JobState.SUCCEEDED:
            _bring(job)
            result(job)
        else:
            stopped(job)
    follow()


def _bring(job: Job) -> None:
    """What a job has made on another host, where hosts share a store."""
    store = job_store()
    of = shared(store.home, store.database)
    if of is not None and job.artefacts:
        with st.spinner("Bringing it from the store …"):
            for artefact in job.artefacts:
                of.bring(Path(artefact))


def running(job: Job) -> None:
    """A job that a page has asked for, while it is active: what it does, and a way to stop it."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.header(plain(job.title), anchor=False, width="content")
            cancel_button(job)
        progress(job)
        curves(job)


def stopped(job: Job) -> None:
    """A job that a page has asked for and that has ended without a result: why, and a way to go on."""
    state_badge(job)
    if job.state == JobState.FAILED:
        show_error(job.message or "It ended without a message. The Jobs page shows its log.")
    about = "What was done is not done again."
    if offer(st.button, "Go on", Action.RESTART_JOB, owner=job.owner, of=job.id, help=about):
        job_store().resume(job.id)
        st.rerun()


@dataclass(frozen=True)
class Figure:
    """A number of a result: what it is, as it is written, and what it is worth; where it is a `measure` of a model, of
    which `model`."""

    title: str
    value: str
    note: str
    measure: str = ""
    model: str = ""


def figures_of(job: Job) -> list[Figure]:
    """The main figure of each model that was trained, with its interval and number of texts, and the time it took.

    Raises:
        JobError: the result is damaged.
    """
    if not job.result:
        return []
    figures: list[Figure] = []
    made = made_by(job)
    for model, title in ((made.bcos, "B-cos"), (made.conventional, "conventional")):
        if model is not None and model.figures:
            metric, figure = model.figures[0]
            interval = model.intervals.get(metric.name)
            estimate = known_figure(metric, figure, model.test_size, interval)
            said = count(model.test_size or 0, f"test {metric.of}")
            if estimate.has_interval:
                said = f"{interval_in_words(estimate, metric.written)} · {said}"
            if against := _against_original(model):
                said = f"{against} · {said}"
            measure = metric.phrase
            figures.append(Figure(f"Test {measure}, {title}", metric.written(figure), said, measure, title))
    if made.original is not None:
        measure, title, value = PERPLEXITY.phrase, "original", PERPLEXITY.written(made.original)
        said = f"{count(made.test_tokens, 'token')} of {count(made.test_sequences, f'test {PERPLEXITY.of}')}"
        figures.append(Figure(f"Test {measure}, {title}", value, said, measure, title))
    if made.calibration_cosine is not None:
        note = "Cosine of hidden states, held-out texts"
        figures.append(Figure("Fit of the converted layers", number(made.calibration_cosine), note))
    if made.seconds:
        title, note = "Time", "The whole job"
        if made.bcos or made.conventional:
            what = "Both models" if made.bcos and made.conventional else "The model"
            title, note = "Time to train", f"{what}, from reading the data to the test"
        figures.append(Figure(title, duration(made.seconds), note))
    return figures


def _against_original(model: MadeModel) -> str:
    """The perplexity of a language model as a multiple of the original's, with its interval; "" of classifiers."""
    if RATIO.name not in model.metrics:
        return ""
    value = model.metrics[RATIO.name]
    estimate = known_figure(RATIO, value, model.test_size, model.intervals.get(RATIO.name))
    interval = f" ({interval_in_words(estimate, RATIO.written)})" if estimate.has_interval else ""
    return f"{RATIO.written(value)} × the original’s{interval}"


def figures_line(job: Job) -> str:
    """What models reached, with the measure said once: "accuracy: B-cos 76.1 %, conventional 77.2 %"; "" where no model
    was trained.

    Raises:
        JobError: the result is damaged.
    """
    by_measure: dict[str, list[str]] = {}
    for figure in figures_of(job):
        if figure.measure:
            by_measure.setdefault(figure.measure, []).append(f"{figure.model} {figure.value}")
    return "; ".join(f"{measure}: {', '.join(values)}" for measure, values in by_measure.items())


def result(job: Job) -> None:
    """The figures of a job, side by side."""
    if figures := figures_of(job):
        columns = st.container(key=f"job-figures-{job.id}").columns(len(figures))
        for column, figure in zip(columns, figures, strict=True):
            column.metric(figure.title, figure.value)
            column.caption(figure.note)


def trained_models(job: Job, *, speak: bool = False) -> list[str]:
    """Folder names of the classifiers that a job made and that are still there, the B-cos model first; of the language
    models where they are to `speak`."""
    try:
        made = made_by(job)
        folders = [require_allowed(model.checkpoint) for model in (made.bcos, made.conventional) if model is not None]
        return [one.name for one in folders if one.is_dir() and read_config(one).saved_by_language_model is speak]
    except BcosError:  # said where the result is shown
        return []


def summary(job: Job) -> str:
    """One job in a line: its state, and how far it is, or when it ended or was asked for."""
    if job.state == JobState.QUEUED:
        return _in_line(job, "“{}”".format)
    if job.state != JobState.RUNNING:
        return f"{state_title(job)} · {when(job.ended_at or job.created_at)}"
    parts = [state_title(job), job.stage, percent(job.progress, decimals=0) if job.progress is not None else ""]
    return " · ".join(part for part in parts if part) + _time_left(job)


def when(moment: datetime | None) -> str:
    """How long ago, in words."""
    if moment is None:
        return "–"
    seconds = (datetime.now(UTC) - moment).total_seconds()
    return "just now" if seconds < 10 else f"{about(seconds)} ago" if seconds < 86_400 else f"{moment:%Y-%m-%d}"


def _italic(title: str) -> str:
    return f"*{plain(title)}*"


def _time_left(job: Job) -> str:
    if job.eta_seconds is None or interrupted(job):
        return ""
    return f" · {time_left(job.eta_seconds, late=job.late)}"
