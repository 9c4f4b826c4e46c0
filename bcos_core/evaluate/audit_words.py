"""What an audit says, in sentences."""

from __future__ import annotations

from bcos_core.evaluate.audit import Audit
from bcos_core.evaluate.statistics import Estimate
from bcos_core.numbers import number
from bcos_core.tasks.task_type import Metric


def estimate_in_words(metric: Metric, estimate: Estimate) -> str:
    """A figure with its interval: "81.9 % (95 % interval 80.1 % to 83.2 %)"."""
    low, high = metric.written(estimate.low), metric.written(estimate.high)
    return f"{metric.written(estimate.mean)} (95 % interval {low} to {high})"


def audit_sentences(audit: Audit) -> tuple[str, str, str]:
    """How alike the two models answer; how their figures differ; whether that is chance."""
    kind = audit.kind
    alike = "; ".join(
        f"{metric.title.lower()} {estimate_in_words(metric, audit.agreement[metric.name])}"
        for metric in kind.agreements
        if metric.name in audit.agreement
    )
    scale, unit = (100.0, " points") if kind.each_metric.share else (1.0, "")
    mean, low, high = (number(scale * end, signed=True) for end in (audit.gap.mean, audit.gap.low, audit.gap.high))
    first, second = (kind.better.format(which) for which in ("first", "second"))
    return (
        f"The two models on {audit.gap.n:,} test texts: {alike}.",
        f"{kind.each_metric.title} differs by {mean}{unit} (95 % interval {low} to {high}), first minus second.",
        f"{kind.paired_test}: {audit.only_first} texts {first}, {audit.only_second} {second}, p = {number(audit.p)}.",
    )
