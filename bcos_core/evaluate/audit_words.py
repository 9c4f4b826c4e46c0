"""What an audit says, in sentences."""

from __future__ import annotations

from bcos_core.evaluate.audit import Audit
from bcos_core.evaluate.figures import estimate_in_words, interval_in_words
from bcos_core.evaluate.reliability import SEARCHED, end_of_search
from bcos_core.numbers import number


def temperature_in_words(temperature: float) -> str:
    """ "temperature 1.32", "temperature 20.0, the end of the search: …"."""
    end = end_of_search(temperature)
    return f"temperature {number(temperature)}" + (f", the end of the search: {end}" if end else "")


def temperature_bound(temperature: float) -> str:
    """ "≥ 20.0" and "≤ 0.0500" where the search ended there, else the number alone."""
    low, high = SEARCHED
    sign = "≤ " if temperature <= low else "≥ " if temperature >= high else ""
    return f"{sign}{number(temperature)}"


def audit_sentences(audit: Audit) -> tuple[str, str, str]:
    """How alike the two models answer; how their figures differ; whether that is chance."""
    kind = audit.kind
    alike = "; ".join(
        f"{metric.phrase} {estimate_in_words(metric, audit.agreement[metric.name])}"
        for metric in kind.agreements
        if metric.name in audit.agreement
    )
    scale, unit = (100.0, " points") if kind.each_metric.share else (1.0, "")

    def written(gap: float) -> str:
        return number(scale * gap, signed=True)

    first, second = (kind.better.format(which) for which in ("first", "second"))
    return (
        f"The two models on {audit.gap.n:,} test texts: {alike}.",
        f"{kind.each_metric.title} differs by {written(audit.gap.mean)}{unit} "
        f"({interval_in_words(audit.gap, written)}), first minus second.",
        f"{kind.paired_test}: {audit.only_first} texts {first}, {audit.only_second} {second}, p = {number(audit.p)}.",
    )
