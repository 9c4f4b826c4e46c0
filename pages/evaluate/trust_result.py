"""A finished run of the trust tests: what failed first, every verdict, and the details of the one that was chosen."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from bcos_core.jobs.made import result_of
from bcos_core.jobs.store import Job
from bcos_core.numbers import count
from bcos_core.render.methods import method_title
from bcos_core.render.trust import (
    LEGEND,
    dots_figure,
    findings_table,
    measured_tests,
    steps_figure,
    steps_table,
    trust_matrix,
    unmeasured,
)
from bcos_core.trust.result import Scheme, TrustReport
from bcos_core.trust.tests import ENOUGH_TEXTS, LEAST_WORDS, TESTS
from bcos_core.trust.words import definition_in_words, finding_in_words, trust_sentences
from pages.evaluate.matrix import matrix
from pages.widgets import resources, url
from pages.widgets.chart import chart
from pages.widgets.plain import plain
from pages.widgets.table_files import table_files

_WEIGHTS: dict[str, tuple[Scheme, bool]] = {
    "cascade": ("cascade", False),
    "cascade_strengths": ("cascade", True),
    "layers": ("alone", False),
}
"""Tests that have curves: which weights are shuffled, and whether absolute scores are looked at."""


def show_report(job: Job) -> None:
    """Everything about one run.

    Raises:
        JobError: its result is damaged.
    """
    report, changed = _as_it_is_now(result_of(job, TrustReport))
    st.header("Which heatmaps can be trusted?", anchor=False)
    first, *others = trust_sentences(report)
    st.markdown(f"**{plain(first)}** {plain(' '.join(others))}")
    for note in filter(None, (*report.notes, changed)):
        st.warning(plain(note), icon=":material/warning:")
    if not measured_tests(report):
        return
    method, test = _chosen(report)
    matrix(
        trust_matrix(report, (method, test)),
        key="trust-matrix",
        on_choice=lambda checkpoint, method, test: url.write(test=test, of=method),
    )
    st.caption(plain(LEGEND))
    st.caption(
        plain(
            f"{report.task}, {count(report.texts, 'test text')}, seed {report.seed}. A method without a fault fails "
            "any test by chance in at most 5 % of such runs (Holm over its tests). Thresholds were fixed beforehand. "
            f"Where every text counts, the first {ENOUGH_TEXTS} are looked at; texts of fewer than {LEAST_WORDS} words "
            "have no order to speak of, and do not count."
        )
    )
    _left_out(report)
    table_files(
        lambda: findings_table(report),
        name=f"trust_{report.checkpoint}",
        caption=f"Trust tests of {report.checkpoint}, {report.task}, {report.texts} texts.",
        key="trust-table",
        methods=report.methods,
    )
    _details(report, method, test)


def _as_it_is_now(report: TrustReport) -> tuple[TrustReport, str]:
    """The report with the model called as it is called now, and what to say where its files are others."""
    info = {str(info.path): info for info in resources.checkpoints().values()}.get(report.path)
    if info is None:
        return report, ""
    same = resources.identity_of(info) == report.identity
    changed = f"The files of {info.name} have changed since these tests. Run them again."
    return replace(report, checkpoint=info.name), "" if same else changed


def _chosen(report: TrustReport) -> tuple[str, str]:
    """What the address names; else the first fault, else the first test of the first method."""
    tests = [test.name for test in measured_tests(report)]
    failed = next((one for one in report.findings if one.state == "failed"), None)
    method, test = url.read("of"), url.read("test")
    if method in report.methods and test in tests:
        return method, test
    return (report.methods[0], tests[0]) if failed is None else (failed.method, failed.test)


def _left_out(report: TrustReport) -> None:
    reasons = {**{method_title(name): reason for name, reason in report.left_out.items()}, **unmeasured(report)}
    if not reasons:
        return
    with st.expander(f"Not measured: {count(len(reasons), 'test or method', 'tests and methods')}"):
        for title, reason in reasons.items():
            st.markdown(f"**{plain(title)}.** {plain(reason)}")


def _details(report: TrustReport, method: str, name: str) -> None:
    test = TESTS[name]
    st.header(plain(test.title), anchor=False)
    st.markdown(plain(f"{test.question} {definition_in_words(test, report)}"))
    said = finding_in_words(report.finding(method, name))
    st.markdown(f"**{plain(f'{method_title(method)}:')}** {plain(said)}")
    if name in _WEIGHTS:
        scheme, strengths = _WEIGHTS[name]
        chart(
            steps_figure(report, scheme, strengths=strengths),
            key=f"trust-steps-{name}",
            name=f"trust_{name}",
            data=lambda: steps_table(report, scheme),
        )
    else:
        chart(
            dots_figure(report, test),
            key=f"trust-dots-{name}",
            name=f"trust_{name}",
            data=lambda: findings_table(report, name),
        )
    with st.expander("Every number of this test"):
        numbers = {
            one: st.column_config.NumberColumn(format="%.3g") for one in ("mean", "low", "high", "p", "p (Holm)")
        }
        st.dataframe(findings_table(report, name), hide_index=True, placeholder="–", column_config=numbers)
    st.caption(plain(f"Source: {test.source}."))
