"""Whether models and a task belong together, before anything is measured."""

from __future__ import annotations

from bcos_core.errors import InputError
from bcos_core.model.info import CheckpointInfo
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.examples import TaskData


def require_task_of(info: CheckpointInfo, task: TaskData) -> None:
    """Refuse a model whose answers are not those that the task has: another type, other classes, another order.

    Raises:
        InputError: it is one.
    """
    if info.task_type != task.type:
        raise InputError(
            f"{info.name} answers with {TASK_TYPES[info.task_type].title.lower()} for each text, but {task.title} has "
            f"{task.task_type.title.lower()}. Measure models of one task together."
        )
    if info.pairs is not None and info.pairs != task.pairs:
        reads, has = ("pairs of texts", "single texts") if info.pairs else ("single texts", "pairs of texts")
        raise InputError(f"{info.name} reads {reads}, but {task.title} has {has}. Measure models of one task together.")
    if info.labels != task.labels:
        raise InputError(
            f"{info.name} has the classes {', '.join(info.labels)}, but {task.title} has {', '.join(task.labels)}. "
            "Measure models of one task together; if the data were changed since, train again, or put them back."
        )
