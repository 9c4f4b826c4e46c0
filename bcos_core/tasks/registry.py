"""The kinds of tasks that there are, and the kinds of answers: those of the tasks, and the next token."""

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

ANSWER_TYPES: Registry[AnswerType] = Registry("type of answer")
for _answer in (*TASK_TYPES.values(), NextToken()):
    ANSWER_TYPES.register(_answer.name, _answer)

USUAL = SingleLabel.name


def task_type_of(problem_type: str | None) -> TaskType | None:
    """The one with transformers' name, the usual one where a model says nothing; None where there is none."""
    if problem_type is None:
        return TASK_TYPES[USUAL]
    return next((one for one in TASK_TYPES.values() if one.problem_type == problem_type), None)
