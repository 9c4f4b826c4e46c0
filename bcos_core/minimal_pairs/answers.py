"""What methods say of the questions; what is in the store already is not computed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bcos_core.attribution.record import Attribution, Target
from bcos_core.evaluate.explainer import Explainer
from bcos_core.minimal_pairs.questions import Question
from bcos_core.model.text_model import require_finite_logits
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.text.token import Token

EVIDENCE = "minimal pair"
"""The kind of what is kept of a method's answer."""
CHUNK = 16
"""Prompts that are explained together before anything is stored: what a killed job loses."""


@dataclass(frozen=True)
class Answer:
    """`difference` is the right token's logit minus the wrong one's. `scores` are those of the prompt's `tokens`, None
    where they are not numbers."""

    difference: float
    tokens: tuple[Token, ...]
    scores: tuple[float, ...] | None
    forward: float
    backward: float
    seconds: float


@dataclass(frozen=True)
class Answers:
    """The answers that one store has."""

    store: EvidenceStore

    def missing(self, subject: str, questions: Sequence[Question]) -> list[Question]:
        """Those that no explainer of this subject has answered yet, each once."""
        known = self.store.known(subject, EVIDENCE, [one.item for one in questions])
        return [one for one in {one.item: one for one in questions}.values() if one.item not in known]

    def fill(self, explainer: Explainer, questions: Sequence[Question], done: Callable[[int], None]) -> None:
        """Explain what is missing; `done` is told how many more are finished.

        Raises:
            NotFiniteError: the model's logits for a prompt are no numbers; what was explained before is kept.
        """
        for chunk in _chunks(self.missing(explainer.name, questions)):
            first = chunk[0]
            target = Target(first.good, first.pair.good, first.bad, first.pair.bad)
            records = explainer([one.prompt for one in chunk], target)
            for record in records:
                require_finite_logits(record.model, record.text, record.logits)
            values = {one.item: _stored(record) for one, record in zip(chunk, records, strict=True)}
            self.store.keep(explainer.name, EVIDENCE, values)
            done(len(chunk))

    def kept(self, subject: str, question: Question) -> Answer | None:
        """What is known of one question; None where nobody has asked, or it was forgotten with the model."""
        found = self.store.find(subject, EVIDENCE, [question.item])
        return _answer(found[question.item]) if question.item in found else None

    def find(self, subject: str, questions: Sequence[Question]) -> list[Answer]:
        """What is known, in the order of the questions, all of which were answered."""
        found = self.store.find(subject, EVIDENCE, [one.item for one in questions])
        return [_answer(found[one.item]) for one in questions]


def _chunks(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """Of the same two tokens each, prompts of similar length together, the longest first."""
    ordered = sorted(questions, key=lambda one: (one.good, one.bad, -len(one.prompt)))
    for _, group in groupby(ordered, key=lambda one: (one.good, one.bad)):
        some = list(group)
        for start in range(0, len(some), CHUNK):
            yield some[start : start + CHUNK]


def _stored(record: Attribution) -> dict[str, Any]:
    return {
        "difference": record.logit,
        "spans": [[token.start, token.end] for token in record.tokens],
        "scores": None if record.failed else record.scores,
        "forward": record.cost.forward,
        "backward": record.cost.backward,
        "seconds": record.cost.seconds,
    }


def _answer(stored: dict[str, Any]) -> Answer:
    return Answer(
        difference=stored["difference"],
        tokens=tuple(Token("", start, end) for start, end in stored["spans"]),
        scores=None if stored["scores"] is None else tuple(stored["scores"]),
        forward=stored["forward"],
        backward=stored["backward"],
        seconds=stored["seconds"],
    )
