"""What a record's model says about what the record explains, and whether it is right."""

from __future__ import annotations

from bcos_core.attribution.record import Attribution
from bcos_core.tasks.prediction import Statement
from bcos_core.tasks.registry import TASK_TYPES


def statement_of(record: Attribution) -> Statement:
    """What the model says about the explained output."""
    return TASK_TYPES[record.task_type].statement(record.prediction, record.labels, record.target.index)


def is_right(record: Attribution, label: str | None) -> bool | None:
    """Whether that is right about a text with this label, in words; None where nobody knows, or where it is nearer or
    further."""
    kind = TASK_TYPES[record.task_type]
    gold = None if label is None else kind.read(label, record.labels)
    return None if gold is None else kind.is_right(record.prediction, record.target.index, gold)


def guesses_about(record: Attribution) -> dict[str, str]:
    """Everything that the model could have said about it, each in the words of a choice."""
    return TASK_TYPES[record.task_type].guesses(record.labels, record.target.label)
