"""What the trust tests say, in sentences: what fails first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bcos_core.attribution.registry import METHODS
from bcos_core.numbers import count, number
from bcos_core.trust.result import Finding, TrustReport
from bcos_core.trust.tests import TESTS, TrustTest

STATES = {"passed": "passes", "failed": "fails", "open": "unclear", "not measured": "not measured"}


def trust_sentences(report: TrustReport) -> list[str]:
    """What failed first; what passes everything; and whether random scores failed, as they must."""
    tested = [name for name in report.methods if not METHODS[name].chance]
    judged = [one for one in report.findings if one.state != "not measured"]
    if not judged:
        return [
            f"On {report.checkpoint}, no test could be judged.",
            *dict.fromkeys(one.note for one in report.findings),
        ]
    failed = {name: _failed(report, name) for name in tested}
    sentences = [_first(report, {name: tests for name, tests in failed.items() if tests})]
    clean = [name for name in tested if not failed[name]]
    if clean and len(clean) < len(tested):
        sentences.append(f"No fault was found with {_listed([METHODS[name].title for name in clean])}.")
    if open_ := sum(one.state == "open" for one in report.findings if one.method in tested):
        sentences.append(f"{count(open_, 'verdict is', 'verdicts are')} unclear.")
    for name in report.methods:
        if METHODS[name].chance:
            found = _failed(report, name)
            said = f"fail {count(len(found), 'test')}, as they must" if found else "fail no test: do not rely on these"
            if all(one.method != name for one in judged):
                said = "could not be tested: do not rely on these"
            sentences.append(f"Random scores, put in beside the methods, {said}.")
    return sentences


def _first(report: TrustReport, failed: Mapping[str, Sequence[Finding]]) -> str:
    if not failed:
        tested = [one for one in report.findings if not METHODS[one.method].chance]
        if all(one.state != "passed" for one in tested):
            return f"On {report.checkpoint}, no test gives a clear verdict on any method."
        return f"On {report.checkpoint}, no method fails any test."
    order = list(TESTS)
    worst = sorted(failed, key=lambda name: (order.index(failed[name][0].test), -len(failed[name])))
    said = []
    for name in worst:
        first, *rest = failed[name]
        more = f" (and fails {count(len(rest), 'more test')})" if rest else ""
        said.append(f"{METHODS[name].title} {TESTS[first.test].fault.replace('{part}', first.part)}{more}")
    return f"On {report.checkpoint}: {'; '.join(said)}."


def _failed(report: TrustReport, method: str) -> list[Finding]:
    return [one for one in report.of(method) if one.state == "failed"]


def finding_in_words(finding: Finding) -> str:
    """ "fails: 0.98 (95 % interval 0.97 to 0.99), 100 texts, p < 0.001 corrected"."""
    if finding.mean is None:
        return f"{STATES[finding.state]}: {finding.note}"
    interval = (
        f"95 % interval {number(finding.low)} to {number(finding.high)}"
        if finding.low is not None and finding.high is not None
        else "no interval: all texts give this value"
    )
    p = "" if finding.corrected is None else f", p {p_in_words(finding.corrected)} (Holm)"
    part = part_in_words(finding)
    said = f"{STATES[finding.state]}: {number(finding.mean)} ({interval}), {count(finding.n, 'text')}{p}."
    return f"{said} {part}" if part else said


def part_in_words(finding: Finding) -> str:
    return f"The part that matters least: {finding.part}." if finding.part else ""


def p_in_words(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def definition_in_words(test: TrustTest, report: TrustReport) -> str:
    """What is computed, with the tolerances of this run, and when a method fails."""
    said = test.definition.replace("{still}", report.still).replace("{moved}", report.moved)
    return f"{said} {test.rule}"


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
