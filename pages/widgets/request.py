"""A section of a page that a job has to fill: asked for by a button, watched, and shown when it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.jobs.kind import AnyKind
from bcos_core.jobs.store import Job, JobState
from pages.widgets.errors import show_error
from pages.widgets.jobs import job_store, looked_at, stoppable, watch
from pages.widgets.permission import offer


@dataclass(frozen=True)
class Request:
    """The job that does the work: its kind, and what is asked."""

    kind: AnyKind
    spec: Any

    def jobs(self) -> Sequence[Job]:
        """The jobs that were asked for the same so far, the newest first. The section shows what came of them: they are
        no news any more."""
        found = job_store().list(key=self.kind.key(self.spec)).found
        looked_at(*found)
        return found


def ask(
    request: Request,
    what: str,
    label: str,
    *,
    primary: bool = False,
    action: Action = Action.SUBMIT_JOB,
    owner: str | None = None,
) -> None:
    """The job's progress while it is active; else `what` it would do and the button that starts it, below the reason
    why the last one failed. The job does what only those may who may do the `action` with what is `owner`'s."""
    if follow_request(request, what):
        return
    if offer(st.button, label, action, owner=owner, type="primary" if primary else "secondary"):
        request.kind.submit(job_store(), request.spec)
        st.rerun()


def follow_active(request: Request) -> bool:
    """The job's progress and a way to stop it, while it is active; whether it is."""
    return _follow(_newest(request))


def follow_request(request: Request, what: str) -> bool:
    """As `ask`, where the button is elsewhere; whether the job is active."""
    newest = _newest(request)
    if _follow(newest):
        return True
    if newest is not None and newest.state == JobState.FAILED:
        show_error(newest.message or "It has failed. The Jobs page shows its log.")
    st.markdown(what)
    return False


def _newest(request: Request) -> Job | None:
    return next(iter(request.jobs()), None)


def _follow(job: Job | None) -> bool:
    if job is None or not job.active:
        return False
    watch(job.id, stoppable)
    return True
