"""From answers to the values of every pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bcos_core.errors import DataError
from bcos_core.minimal_pairs.answers import Answer
from bcos_core.minimal_pairs.measures import MEASURES, measure, measure_chance
from bcos_core.minimal_pairs.questions import Question, pair_name
from bcos_core.minimal_pairs.ranked import Ranked, ranked
from bcos_core.minimal_pairs.result import Contender


def differences(questions: Sequence[Question], answers: Sequence[Answer]) -> dict[str, float]:
    """By pair, the logit of the right word minus that of the wrong one."""
    return {pair_name(question.pair): answer.difference for question, answer in zip(questions, answers, strict=True)}


def contender(
    checkpoint: str, method: str, questions: Sequence[Question], answers: Sequence[Answer], *, unit: str
) -> Contender:
    """The values of a method. Pairs without evidence have none, nor have those of which it gave no numbers."""
    return Contender(
        checkpoint,
        method,
        _values(questions, answers, measure, unit),
        failed=sum(answer.scores is None for answer in answers),
        forward_passes=_mean([answer.forward for answer in answers]),
        backward_passes=_mean([answer.backward for answer in answers]),
        seconds=_mean([answer.seconds for answer in answers]),
    )


def chance(
    checkpoint: str, method: str, questions: Sequence[Question], answers: Sequence[Answer], *, unit: str
) -> Contender:
    """What a random ranking of the same tokens is expected to reach: no draw is involved, and no pass."""
    return Contender(checkpoint, method, _values(questions, answers, measure_chance, unit))


def unread(questions: Sequence[Question], answers: Sequence[Answer]) -> int:
    """Of how many pairs the model has not read the evidence, for the prompt was too long."""
    return sum(
        question.pair.evidence is not None and _ranking(question, answer, "token") is None
        for question, answer in zip(questions, answers, strict=True)
    )


def _values(
    questions: Sequence[Question],
    answers: Sequence[Answer],
    of: Callable[[Ranked], dict[str, float]],
    unit: str,
) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {name: {} for name in MEASURES}
    for question, answer in zip(questions, answers, strict=True):
        ranking = _ranking(question, answer, unit)
        if ranking is not None:
            for name, value in of(ranking).items():
                found[name][pair_name(question.pair)] = value
    return found


def _ranking(question: Question, answer: Answer, unit: str) -> Ranked | None:
    if question.pair.evidence is None or answer.scores is None:
        return None
    try:
        return ranked(question.prompt, answer.tokens, answer.scores, question.pair.evidence, unit=unit)
    except DataError:  # it was cut off
        return None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
