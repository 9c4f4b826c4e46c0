"""What an edit of a text has changed, in words."""

from __future__ import annotations

from collections.abc import Sequence

from bcos_core.numbers import number, probability
from bcos_core.tasks.prediction import Prediction
from bcos_core.tasks.task_type import TaskType
from bcos_core.text.changes import Change

_NAMED = 4


def changes_in_words(found: Sequence[Change]) -> str:
    """“good” became “bad”; “very” went; “not” came."""
    if not found:
        return "Nothing is changed yet."
    said = [_one(change) for change in found[:_NAMED]]
    rest = len(found) - len(said)
    return f"{'; '.join(said)}{f'; and {rest} more changes' if rest > 1 else '; and 1 more change' if rest else ''}."


def _one(change: Change) -> str:
    if not change.after:
        return f"“{change.before}” went"
    if not change.before:
        return f"“{change.after}” came"
    return f"“{change.before}” became “{change.after}”"


def answer_in_words(kind: TaskType, before: Prediction, after: Prediction, name: str) -> str:
    """How an answer changed with the text; `name` is that of the model's output, where it has one alone."""
    if not kind.discrete:
        first, second = before.logits[0], after.logits[0]
        return f"{name} goes from {number(first)} to {number(second)} ({number(second - first, signed=True)})."
    if before.label != after.label:
        return f"The answer changes from {kind.answer(before)} to {kind.answer(after)}."
    if not kind.exclusive:
        return f"The answer stays {before.label}."
    shares = (probability(one.probabilities[before.index]) for one in (before, after))
    return f"The answer stays {before.label}: probability {' → '.join(shares)}."
