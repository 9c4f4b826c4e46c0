"""Whether a trained model has learned to read: whether it answers better than one that gives every text one answer.

A training can fail and still end well: at a learning rate that is too high, every text gets the same answer. The
heatmap of such a model adds up as any other does, and says nothing of what a reader of the text would ask.
"""

from __future__ import annotations

from bcos_core.model.info import CheckpointInfo
from bcos_core.tasks.estimates import proportion
from bcos_core.tasks.registry import TASK_TYPES


def unlearned(info: CheckpointInfo) -> str:
    """In words that a model is not shown to answer better than the constant one, by the task's `each_metric`: the 95 %
    interval of its figure on the test set holds that one's figure, or lies on the wrong side of it. "" where it is
    better, and where that was not measured: of a model from elsewhere, and of a language model."""
    if info.task_type not in TASK_TYPES:
        return ""
    metric = TASK_TYPES[info.task_type].each_metric
    value, constant = info.metrics.get(metric.name), info.constant.get(metric.name)
    if value is None or constant is None or not info.test_size:
        return ""
    if metric.proportion:
        found = proportion(value, info.test_size)
        low, high = found.low, found.high
    else:
        low, high = info.intervals.get(metric.name, (value, value))
    if low > constant if metric.higher_is_better else high < constant:
        return ""
    return (
        f"{info.name} is not shown to answer better than one that says the same of every text: {metric.phrase} "
        f"{metric.written(value)} (95 % interval {metric.written(low)} to {metric.written(high)}), that one's "
        f"{metric.written(constant)}. Its heatmaps show how it computes, not what there is to learn from these texts: "
        "train it with a lower learning rate, longer, or on more texts."
    )
