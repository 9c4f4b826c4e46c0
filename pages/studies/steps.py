"""A study's way from draft to results, drawn: what is done, where it stands, and what this step is for."""

from __future__ import annotations

from enum import IntEnum

import streamlit as st

from bcos_core.jobs.store import JobState
from bcos_core.study.crowd import Crowd
from bcos_core.study.rehearsal_job import REHEARSE, RehearsalSpec
from bcos_core.study.studies import Study, StudyStatus
from pages.widgets.jobs import job_store
from pages.widgets.plain import plain


class Step(IntEnum):
    """The steps in their order."""

    DRAFT = 0
    LOCKED = 1
    REHEARSED = 2
    OPEN = 3
    CLOSED = 4

    @property
    def title(self) -> str:
        return self.name.capitalize()


_MEANS = {
    Step.DRAFT: "Everything can still change. Look at what a rater will see, then lock it.",
    Step.LOCKED: "Nothing that raters see can change any more. Rehearse it with simulated raters, then open it.",
    Step.REHEARSED: "Simulated raters have answered a copy of it. Open it for people.",
    Step.OPEN: "Invite raters, and close it when enough have answered. Answers stay hidden until then.",
    Step.CLOSED: "No more answers are taken, and the conditions are named below.",
}
_OF = {
    StudyStatus.DRAFT: Step.DRAFT,
    StudyStatus.LOCKED: Step.LOCKED,
    StudyStatus.OPEN: Step.OPEN,
    StudyStatus.PAUSED: Step.OPEN,
    StudyStatus.CLOSED: Step.CLOSED,
}


def step_of(study: Study) -> Step:
    """Where a study stands."""
    step = _OF[study.status]
    return Step.REHEARSED if step == Step.LOCKED and is_rehearsed(study) else step


def is_rehearsed(study: Study) -> bool:
    """Whether simulated raters have answered a copy of it to the end."""
    jobs = job_store().list(key=REHEARSE.key(RehearsalSpec(study.id, Crowd()))).found
    return any(job.state == JobState.SUCCEEDED for job in jobs)


def draw_steps(study: Study) -> None:
    """The five steps in a row, and one sentence about the one where the study stands."""
    now = step_of(study)
    skipped = {Step.REHEARSED} if now > Step.REHEARSED and not is_rehearsed(study) else set()
    st.markdown(" → ".join(_badge(step, now, skipped) for step in Step))
    paused = " It is paused: no answers are taken until you go on." if study.status == StudyStatus.PAUSED else ""
    st.caption(plain(f"Step {now + 1} of {len(Step)}, {now.title.lower()}. {_MEANS[now]}{paused}"))


def _badge(step: Step, now: Step, skipped: set[Step]) -> str:
    if step == now:
        return f":blue-badge[**{step.title}**]"
    if step in skipped:
        return f":gray-badge[:material/remove: {step.title}]"
    return f":green-badge[:material/check: {step.title}]" if step < now else f":gray-badge[{step.title}]"
