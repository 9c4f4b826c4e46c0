"""The kinds of tasks that there are; of answers there is one more, the next token."""

from __future__ import annotations

from bcos_core.registry import Registry
from bcos_core.tasks.answer_type import AnswerType
from bcos_core.tasks.multi_label import MultiLabel
from bcos_core.tasks.next_token import NextToken
from bcos_core.tasks.regression import Regression
from bcos_core.tasks.single_label import SingleLabel
from bcos_core.tasks.task_type import TaskType

TASK_TYPES: Registry[TaskType] = Registry("type of task")
for _type in (SingleLabel(), MultiLabel(), Regression()):
    TASK_TYPES.register(_type.name, _type)

_NEXT_TOKEN = NextToken()

USUAL = SingleLabel.name


def task_type_of(problem_type: str | None) -> TaskType | None:
    """The one with transformers' name, the usual one where a model says nothing; None where there is none."""
    if problem_type is None:
        return TASK_TYPES[USUAL]
    return next((one for one in TASK_TYPES.values() if one.problem_type == problem_type), None)


def is_answer_type(name: str) -> bool:
    """Whether there is a kind of answers of that name: a task's, or the next token."""
    return name in TASK_TYPES or name == _NEXT_TOKEN.name


def answer_type(name: str) -> AnswerType:
    """The kind of answers of that name.

    Raises:
        UnknownNameError: there is none.
    """
    return _NEXT_TOKEN if name == _NEXT_TOKEN.name else TASK_TYPES[name]
