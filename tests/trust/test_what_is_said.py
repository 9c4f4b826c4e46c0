"""Sentences about trust tests that found nothing: no assurance comes of what was not measured."""

from __future__ import annotations

import pytest

from bcos_core.render.trust import trust_matrix
from bcos_core.trust.result import Finding, State, TrustReport
from bcos_core.trust.tests import TESTS
from bcos_core.trust.words import trust_sentences

ONE, OTHER = list(TESTS)[:2]


def report(*states: tuple[str, str, State]) -> TrustReport:
    findings = tuple(
        Finding(method, test, state, note="Only 4 texts could be used." if state == "not measured" else "")
        for method, test, state in states
    )
    methods = tuple(dict.fromkeys(method for method, _, _ in states))
    return TrustReport(
        checkpoint="Mine",
        path="/mine",
        identity="1",
        task="reviews",
        task_type="single-label",
        texts=4,
        seed=0,
        methods=methods,
        findings=findings,
        steps=(),
        still="0.1",
        moved="0.2",
        seconds=1.0,
        left_out={},
    )


def test_where_no_test_was_judged_none_is_called_passed() -> None:
    found = trust_sentences(report(("bcos", ONE, "not measured"), ("random", ONE, "not measured")))
    assert found == ["On Mine, no test could be judged.", "Only 4 texts could be used."]


@pytest.mark.parametrize("state", ["open", "not measured"])
def test_unclear_verdicts_are_no_assurance(state: State) -> None:
    given = report(("bcos", ONE, "open"), ("bcos", OTHER, state), ("random", ONE, "failed"), ("random", OTHER, state))
    first, unclear, chance = trust_sentences(given)
    assert first == "On Mine, no test gives a clear verdict on any method."
    assert unclear.endswith("unclear.") and chance.endswith("fail 1 test, as they must.")
    (model,) = trust_matrix(given, ("bcos", ONE))["models"]
    assert [row["note"] for row in model["rows"]] == ["nothing is clear", "fails 1 test, put in to fail"]


def test_random_scores_that_could_not_be_tested_are_no_proof() -> None:
    first, chance = trust_sentences(report(("bcos", ONE, "passed"), ("random", ONE, "not measured")))
    assert first == "On Mine, no method fails any test."
    assert chance == "Random scores, put in beside the methods, could not be tested: do not rely on these."
