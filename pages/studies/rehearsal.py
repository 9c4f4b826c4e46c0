"""A locked study that is not open yet, tried out: simulated raters of a known taste answer a copy of it."""

from __future__ import annotations

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.jobs.made import result_of
from bcos_core.jobs.store import JobState
from bcos_core.numbers import count
from bcos_core.study.crowd import Crowd
from bcos_core.study.locked import LockedStudy
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.rehearsal_job import REHEARSE, RehearsalSpec
from bcos_core.study.simulate import SimulationResult, material_of
from bcos_core.study.studies import Study
from pages.widgets import url
from pages.widgets.errors import guard
from pages.widgets.kept import kept
from pages.widgets.plain import plain
from pages.widgets.request import Request, ask
from pages.widgets.studies import studies
from pages.widgets.supervision import before_a_start


def rehearsal(study: Study, locked: LockedStudy, *, primary: bool) -> None:
    """How much the last condition is to be preferred, the button, and the way to what the last rehearsal made."""
    with st.expander("Rehearse with simulated raters", icon=":material/smart_toy:", expanded=True):
        before_a_start()
        design = locked.design
        usual = PROTOCOLS[design.protocol].taste_of(material_of(locked))
        preference = st.number_input(
            "Preference",
            -usual.widest,
            usual.widest,
            step=0.1,
            help=plain(
                f"How far “{design.conditions[-1].title}”, the last condition, is above the first, "
                f"“{design.conditions[0].title}”: {usual.meaning}."
            ),
            **kept(f"preference-{study.id}", usual.preference),
        )
        request = Request(REHEARSE, RehearsalSpec(study.id, Crowd(preference=float(preference))))
        ask(
            request,
            f"{count(design.raters_needed, 'simulated rater')} of this taste "
            f"{'answers' if design.raters_needed == 1 else 'answer'} a copy of the study, marked as simulated, "
            "so that you see what results you would get; this study stays as it is.",
            "Rehearse",
            primary=primary,
            action=Action.EDIT_STUDY,
            owner=study.owner,
        )
        with guard():
            _made(request)


def _made(request: Request) -> None:
    """What the newest rehearsal made, while it is there."""
    done = [result_of(job, SimulationResult) for job in request.jobs() if job.state == JobState.SUCCEEDED]
    there = {study.id for study in studies().list()} if done else set()
    newest = next((rehearsal for rehearsal in done if rehearsal.study in there), None)
    if newest is not None:
        st.caption(plain(f"The last rehearsal: {newest.truth}"))
        if st.button("Open the rehearsal", icon=":material/monitoring:"):
            url.write(study=newest.study)
            st.rerun()
