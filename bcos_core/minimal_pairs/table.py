"""From answers to the values of every pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bcos_core.attribution.registry import METHODS
from bcos_core.minimal_pairs.answers import Answer
from bcos_core.minimal_pairs.case import Case, Course, Strikes, evidence_among, scores_of, units_of
from bcos_core.minimal_pairs.measures import MEASURES, measure, measure_chance
from bcos_core.minimal_pairs.questions import Question, pair_name
from bcos_core.minimal_pairs.result import Contender
from bcos_core.text.token import Token

Cases = Mapping[str, Case]
"""By the names of pairs."""


def differences(questions: Sequence[Question], answers: Sequence[Answer]) -> dict[str, float]:
    """By pair, the logit of the right word minus that of the wrong one."""
    return {pair_name(question.pair): answer.difference for question, answer in zip(questions, answers, strict=True)}


def cases_of(
    questions: Sequence[Question],
    answers: Sequence[Answer],
    *,
    unit: str,
    strikes: Mapping[str, Strikes],
    courses: Mapping[str, Course],
) -> dict[str, Case]:
    """What a method says of every pair, by the pair's name, with what is known about it, by the question's item. Pairs
    of which the method gave no numbers have none."""
    found: dict[str, Case] = {}
    for question, answer in zip(questions, answers, strict=True):
        if answer.scores is not None:
            units = units_of(question.prompt, answer.tokens, unit)
            found[pair_name(question.pair)] = Case(
                scores_of(units, answer.scores),
                evidence_among(units, question.pair.evidence),
                strikes.get(question.item),
                courses.get(question.item),
            )
    return found


def contender(
    checkpoint: str, method: str, cases: Cases, answers: Sequence[Answer], *, measures: Sequence[str]
) -> Contender:
    """The values of a method on a model; for chance, those that a random ranking is expected to reach, at no cost."""
    values: dict[str, dict[str, float]] = {name: {} for name in measures}
    chance = METHODS[method].chance
    for pair, case in cases.items():
        found = measure_chance(case, measures) if chance else measure(case, measures, method=method)
        for name, value in found.items():
            values[name][pair] = value
    curves = {name: _curves(cases, draw) for name in measures if (draw := MEASURES[name].curve) is not None}
    if chance:
        return Contender(checkpoint, method, values, curves)
    return Contender(
        checkpoint,
        method,
        values,
        curves,
        failed=sum(answer.scores is None for answer in answers),
        forward_passes=_mean([answer.forward for answer in answers]),
        backward_passes=_mean([answer.backward for answer in answers]),
        seconds=_mean([answer.seconds for answer in answers]),
    )


def _curves(cases: Cases, draw: Callable[[Case], tuple[float, ...] | None]) -> dict[str, tuple[float, ...]]:
    return {pair: heights for pair, case in cases.items() if (heights := draw(case)) is not None}


def read_from(prompt: str, tokens: Sequence[Token]) -> int:
    """The first character of a prompt that the model has read: 0 where it has read the whole. White space at the front
    is in no token of some tokenizers, and does not count."""
    first = min((one.start for one in tokens if one.start is not None), default=len(prompt))
    return first if prompt[:first].strip() else 0


def cut(questions: Sequence[Question], answers: Sequence[Answer]) -> int:
    """Of how many prompts the model has not read the front."""
    asked = {question.item: (question, answer) for question, answer in zip(questions, answers, strict=True)}
    return sum(read_from(question.prompt, answer.tokens) > 0 for question, answer in asked.values())


def unread(questions: Sequence[Question], answers: Sequence[Answer]) -> int:
    """Of how many pairs the model has not read the evidence, for the prompt was too long."""
    return sum(
        question.pair.evidence is not None
        and evidence_among(units_of(question.prompt, answer.tokens, "token"), question.pair.evidence) is None
        for question, answer in zip(questions, answers, strict=True)
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
