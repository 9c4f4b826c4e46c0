"""What the trust tests found: plain data, as it is kept with its job."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from bcos_core.attribution.registry import METHODS
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.trust.tests import TESTS

State = Literal["passed", "failed", "open", "not measured"]
Scheme = Literal["cascade", "alone"]


@dataclass(frozen=True)
class Finding:
    """One test of one method. `mean` is that of `n` texts, with its 95 % bootstrap interval where there is one; `p` is
    one-sided, `corrected` by Holm over all tests of the method. `note` says why it was not measured, `part`
    is the part of the model that the test speaks of, where it is one."""

    method: str
    test: str
    state: State
    n: int = 0
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    corrected: float | None = None
    note: str = ""
    part: str = ""


@dataclass(frozen=True)
class Step:
    """How alike heatmaps are when weights are shuffled: down to `part` (`scheme` "cascade"), or of `part` alone
    ("alone"). Means over texts of Spearman's ρ of values and of absolute values, with their intervals."""

    method: str
    scheme: Scheme
    part: str
    n: int
    values: float | None
    values_low: float | None
    values_high: float | None
    strengths: float | None
    strengths_low: float | None
    strengths_high: float | None


@dataclass(frozen=True)
class TrustReport:
    """Findings in the order of methods and tests, the steps of the shuffled weights, and what a reader must know. The
    model was called `checkpoint`, lay at `path`, and its files had the `identity`.
    `still` and `moved` are the tolerances of the edits, in words. `left_out` has methods that cannot serve the model,
    with the reason."""

    checkpoint: str
    path: str
    identity: str
    task: str
    task_type: str
    texts: int
    seed: int
    methods: tuple[str, ...]
    findings: tuple[Finding, ...]
    steps: tuple[Step, ...]
    still: str
    moved: str
    seconds: float
    left_out: dict[str, str]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.task_type not in TASK_TYPES:
            raise ValueError(f"it has the task type {self.task_type!r}, which is none of {', '.join(TASK_TYPES)}")
        named = (*self.methods, *(one.method for one in self.findings), *(one.method for one in self.steps))
        if (unknown := next((name for name in named if name not in METHODS), None)) is not None:
            raise ValueError(f"it has the method {unknown!r}, which is none of {', '.join(METHODS)}")
        if unknown := next((one.test for one in self.findings if one.test not in TESTS), None):
            raise ValueError(f"it has the test {unknown!r}, which is none of {', '.join(TESTS)}")

    def finding(self, method: str, test: str) -> Finding:
        return next(one for one in self.findings if (one.method, one.test) == (method, test))

    def of(self, method: str) -> list[Finding]:
        return [one for one in self.findings if one.method == method]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
