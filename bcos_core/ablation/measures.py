"""What the models of an ablation are measured by, and which of it is better high."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bcos_core.ablation.crossed import Crossed
from bcos_core.ablation.spec import SCORES
from bcos_core.evaluate.scores import SCORES as DECLARED
from bcos_core.numbers import duration, number
from bcos_core.tasks.estimates import Estimate
from bcos_core.tasks.task_type import TaskType

ANSWERS, SECONDS = "answers", "seconds"


@dataclass(frozen=True)
class Measure:
    """`written` writes a value, `points` a difference of two; a `share` is from 0 to 1."""

    name: str
    title: str
    higher_is_better: bool
    written: Callable[[float], str]
    points: Callable[[float], str]
    share: bool = False

    def estimate(self, mean: Crossed) -> Estimate:
        """A mean of it with its interval, which for a share ends where shares do."""
        found = mean.estimate
        if not self.share or not found.has_interval:
            return found
        return replace(found, low=max(0.0, found.low), high=min(1.0, found.high))


def measures_of(kind: TaskType) -> tuple[Measure, ...]:
    """Of models of a type of task: their answers, their heatmaps, and their price."""
    each = kind.each_metric
    return (
        Measure(
            ANSWERS,
            each.title,
            each.higher_is_better,
            each.written,
            _points if each.share else _signed,
            each.share,
        ),
        *(
            Measure(one.name, one.title, one.higher_is_better, number, _signed, share=one.evidence == "pointing")
            for one in (DECLARED[name] for name in SCORES)
        ),
        Measure(SECONDS, "Training time", False, duration, lambda value: f"{number(value, signed=True)} s"),
    )


def _signed(value: float) -> str:
    return number(value, signed=True)


def _points(value: float) -> str:
    """A difference of two shares: "+1.2 points"."""
    return f"{number(100 * value, signed=True)} points"
