"""Trained models as a table: one row each, for a page or a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from bcos_core.errors import BcosError
from bcos_core.evaluate.figures import known_figure
from bcos_core.model.folder import folder_bytes
from bcos_core.model.info import CheckpointInfo
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.tasks import TaskChoice

NOT_MEASURED = "not measured"


def models_table(models: Sequence[CheckpointInfo], names: Mapping[str, str]) -> pd.DataFrame:
    """Columns: name, task, kind, figure, 95 % interval, twin, tags, made (UTC), size (bytes), folder.

    `figure` is the main metric of the model's type of task. `names` are what models are called, by folder.
    """
    rows = [
        {
            "name": model.name,
            "task": task_title(model),
            "kind": kind_title(model),
            **_figure(model),
            "twin": names.get(model.twin or "", ""),
            "tags": ", ".join(model.about.tags),
            "made": model.created_at,
            "size": folder_bytes(model.path),
            "folder": model.path.name,
        }
        for model in models
    ]
    columns = ["name", "task", "kind", "figure", "95 % interval", "twin", "tags", "made", "size", "folder"]
    table = pd.DataFrame(rows, columns=columns)
    table["made"] = pd.to_datetime(table["made"], utc=True, errors="coerce")
    return table


def found(models: Sequence[CheckpointInfo], search: str) -> list[CheckpointInfo]:
    """Those of which every word of a search is in the name, tags, notes, task, labels or folder, whatever the case."""
    words = search.casefold().split()

    def said(model: CheckpointInfo) -> str:
        parts = (model.name, *model.about.tags, model.about.notes, task_title(model), kind_title(model), *model.labels)
        return "\n".join((*parts, model.path.name)).casefold()

    return [model for model in models if all(word in said(model) for word in words)]


def kind_title(model: CheckpointInfo) -> str:
    return "conventional" if model.b is None else f"B-cos {model.b:g}"


def task_title(model: CheckpointInfo) -> str:
    """What it was trained on; "" of a model that does not say."""
    try:
        return TaskChoice.from_dict(model.task).title if model.task else ""
    except BcosError:  # said where its data are asked for
        return ""


def _figure(model: CheckpointInfo) -> dict[str, str]:
    metric = TASK_TYPES[model.task_type].main_metric
    value = model.metrics.get(metric.name)
    if value is None:
        return {"figure": NOT_MEASURED, "95 % interval": NOT_MEASURED}
    estimate = known_figure(metric, value, model.test_size, model.intervals.get(metric.name))
    ends = f"{metric.written(estimate.low)} to {metric.written(estimate.high)}"
    return {
        "figure": f"{metric.title} {metric.written(value)}",
        "95 % interval": ends if estimate.has_interval else NOT_MEASURED,
    }
