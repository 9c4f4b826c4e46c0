"""The trust tests: a form, the runs so far, and the one that was chosen."""

from __future__ import annotations

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.attribution.registry import METHODS
from bcos_core.model.info import CheckpointInfo
from bcos_core.option import options_of
from bcos_core.trust.job import TRUST
from bcos_core.trust.spec import TrustSpec, default_methods
from pages.evaluate.trust_result import show_report
from pages.widgets import resources, url
from pages.widgets.errors import guard
from pages.widgets.frame import empty_page
from pages.widgets.jobs import choose_job, job_store, jobs_of, show_chosen, time_needed
from pages.widgets.left_out import left_out_models, left_out_rows
from pages.widgets.not_offered import not_offered
from pages.widgets.option import option_field
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.supervision import before_a_start

_OPTIONS = options_of(TrustSpec)


def show_trust() -> None:
    known = {name: info for name, info in resources.checkpoints().items() if info.task is not None}
    jobs = jobs_of(TRUST.name, "trust")
    left_out_rows(jobs.left_out, ("run of the trust tests", "runs of the trust tests"))
    if not known and not jobs:
        empty_page("There is no trained model yet.", "Start on Home", "home/page.py")
        left_out_models()
        return
    if known:
        with st.expander("New trust tests", icon=":material/add:", expanded=not jobs), guard():
            _form(known)
    if not jobs:
        st.info("Run the tests above: what the model’s heatmaps depend on appears here.")
        return
    chosen = choose_job("Trust tests", "trust", jobs.found, clears=("test", "of"))
    show_chosen(chosen, show_report)


def _form(known: dict[str, CheckpointInfo]) -> None:
    """The address holds every choice, so that a link proposes the same tests."""
    names = list(known)
    pair = [name for name in resources.newest_pair(known) if name in known]
    left, right = st.columns([3, 1])
    name = left.selectbox(
        "Model",
        names,
        format_func=lambda name: known[name].name,
        help="Texts are from the test set of the task that it was trained on.",
        **url.bound("tested", (pair or names)[0], parse=url.one_of(names), clears=("with",)),
    )
    model = known[str(name)]
    with right:
        limit = option_field("texts", _OPTIONS["limit"], TrustSpec.limit)
    methods = _methods(model)
    wrong = not _OPTIONS["limit"].fits(limit)
    if wrong:
        st.error(plain(f"{_OPTIONS['limit'].title}: expected {_OPTIONS['limit'].expected}."))
    if wrong or not methods:
        help = "Change the number first." if wrong else "Choose at least one method."
        st.button("Run the trust tests", type="primary", disabled=True, help=help)
        return
    spec = TrustSpec(str(model.path), tuple(methods), int(limit))
    before_a_start()
    with st.container(horizontal=True, vertical_alignment="center"):
        if offer(st.button, "Run the trust tests", Action.SUBMIT_JOB, type="primary"):
            job, _ = TRUST.submit(job_store(), spec)
            url.write(trust=job.id, test=None, of=None)
            st.rerun()
        st.markdown(plain(time_needed(TRUST, spec, "less where texts were explained before")), width="content")


def _methods(model: CheckpointInfo) -> list[str]:
    """Methods that can serve the model, the cheap ones first chosen; why others are not there stands below."""
    is_bcos = model.kind == "bcos"
    reasons = {
        m.name: m.unsupported(is_bcos=is_bcos, family=model.family, answers=model.task_type)
        for m in METHODS.values()
        if not m.chance
    }
    fitting = [name for name, reason in reasons.items() if reason is None]
    chosen = st.multiselect(
        "Methods",
        fitting,
        format_func=lambda name: METHODS[name].title,
        help="At first those of two passes or fewer. Each explains a text some twenty times. Random scores are tested "
        "beside them: the tests must find fault with these.",
        **url.bound_list("with", [name for name in default_methods(model) if name in fitting], fitting),
    )
    not_offered({METHODS[name].title: reason for name, reason in reasons.items() if reason})
    return [name for name in fitting if name in chosen]
