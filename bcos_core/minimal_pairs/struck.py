"""What a language model says of prompts without some of their tokens or words: without each alone, and step by step in
the order of a method's scores. What is in the store already is not asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bcos_core.evaluate.answers import Answers
from bcos_core.evaluate.case import Logits
from bcos_core.evaluate.curves import Pieces, steps_in_order, without_each
from bcos_core.evaluate.removal import Removal
from bcos_core.minimal_pairs.answers import CHUNK, Answer
from bcos_core.minimal_pairs.case import STEPS, Course, Strikes, scores_of, units_of
from bcos_core.minimal_pairs.questions import Question
from bcos_core.model.identity import model_subject
from bcos_core.model.language_model import LanguageModel
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.text.encoding import Encoded
from bcos_core.text.prompt import encode_prompt
from bcos_core.text.units import Unit


@dataclass(frozen=True)
class Struck:
    """How prompts lose tokens: by a `removal`, `unit` by unit; and the store that remembers what models say then."""

    store: EvidenceStore
    removal: Removal
    unit: str

    def missing_strikes(self, model: str, questions: Iterable[Question]) -> list[Question]:
        """Those that the model of this subject was not asked about yet without each unit, each once."""
        return self._missing(model, self._strikes, questions)

    def missing_courses(self, explainer: str, questions: Iterable[Question]) -> list[Question]:
        """Those that the model was not asked about yet in the order of the explainer of this subject, each once."""
        return self._missing(explainer, self._course, questions)

    def fill(
        self,
        model: LanguageModel,
        questions: Sequence[Question],
        explained: Mapping[str, Sequence[Answer]],
        *,
        strikes: bool,
        struck: Callable[[int], None],
        followed: Callable[[int], None],
    ) -> None:
        """Ask what is missing: of every question the `strikes`, where they are wanted, and the course of each
        explainer, of which `explained` has the answers by its subject, in the order of the questions. Explainers that
        take away the same units share a pass. `struck` and `followed` are told how many more of each are finished.

        Raises:
            NotFiniteError: the model's answer is no number; what was asked before is kept.
        """
        own = model_subject(model.identity, model.max_length)
        rows = {
            subject: dict(zip([one.item for one in questions], answers, strict=True))
            for subject, answers in explained.items()
        }
        wanted = {subject: {one.item for one in self.missing_courses(subject, questions)} for subject in rows}
        singles = {one.item for one in self.missing_strikes(own, questions)} if strikes else set()
        asked = singles.union(*wanted.values())
        for chunk in _chunks([one for one in questions if one.item in asked]):
            prompts = [_Prompt.of(one, model, self.unit) for one in chunk]
            answers = _Contrasts(model, self.removal, prompts)
            if alone := [one for one in prompts if one.item in singles]:
                found = answers.without_each(alone)
                self.store.keep(own, self._strikes, {name: value.to_dict() for name, value in found.items()})
                struck(len(alone))
            ordered = [
                (subject, one, row.scores)
                for subject, of_item in rows.items()
                for one in prompts
                if one.item in wanted[subject] and (row := of_item[one.item]).scores is not None
            ]
            courses = answers.courses([(one, scores) for _, one, scores in ordered if scores is not None])
            for subject in rows:
                own_courses = {
                    one.item: course.to_dict()
                    for (owner, one, _), course in zip(ordered, courses, strict=True)
                    if owner == subject
                }
                self.store.keep(subject, self._course, own_courses)
            followed(sum(one.item in wanted[subject] for subject in rows for one in prompts))

    def strikes(self, model: str, questions: Sequence[Question]) -> dict[str, Strikes]:
        """What is known, by the item of a question."""
        found = self.store.find(model, self._strikes, [one.item for one in questions])
        return {item: Strikes(value["whole"], tuple(value["without"])) for item, value in found.items()}

    def courses(self, explainer: str, questions: Sequence[Question]) -> dict[str, Course]:
        """What is known, by the item of a question; nothing of those that the explainer failed on."""
        found = self.store.find(explainer, self._course, [one.item for one in questions])
        return {item: Course(tuple(value["without"]), tuple(value["only"])) for item, value in found.items()}

    def _missing(self, subject: str, kind: str, questions: Iterable[Question]) -> list[Question]:
        each = {one.item: one for one in questions}
        known = self.store.known(subject, kind, each)
        return [one for item, one in each.items() if item not in known]

    @property
    def _strikes(self) -> str:
        return f"minimal pair strikes:{self.removal.name}:{self.unit}"

    @property
    def _course(self) -> str:
        return f"minimal pair course:{self.removal.name}:{self.unit}:{STEPS}"


def order_of(scores: Sequence[float], prompt: str) -> list[int]:
    """The places of scores, the highest first. Equal scores have no order: one that the prompt draws, the same for
    every method, so that saying nothing gains nothing."""
    drawn = np.random.default_rng(int(name_of([prompt, len(scores)]), 16)).permutation(len(scores)).tolist()
    return sorted(range(len(scores)), key=lambda place: (-scores[place], drawn[place]))


def in_steps(order: Pieces, most: int = STEPS) -> Pieces:
    """The pieces of an order put together so that there are `most` at most, an odd number, each of as many, or one or
    two more; the steps of an order reversed are those of the order, reversed."""
    count = len(order)
    steps = min(count, most)
    half = [step * count // steps for step in range(steps // 2 + 1)]
    borders = [*half, *[count - border for border in reversed(half[: steps + 1 - len(half)])]]
    return [[position for piece in order[start:end] for position in piece] for start, end in pairwise(borders)]


@dataclass(frozen=True)
class _Prompt:
    """A question's prompt as the model reads it, and the two tokens that its contrast is of."""

    item: str
    text: Encoded
    units: tuple[Unit, ...]
    good: int
    bad: int

    @classmethod
    def of(cls, question: Question, model: LanguageModel, unit: str) -> _Prompt:
        text = encode_prompt(model.tokenizer, question.prompt, model.max_length)
        units = tuple(units_of(text.text, text.tokens, unit))
        return cls(question.item, text, units, question.good, question.bad)

    @property
    def pieces(self) -> Pieces:
        return [one.positions for one in self.units]


class _Contrasts:
    """What a model says of some prompts without some of their tokens: of the whole vocabulary, two logits of each."""

    def __init__(self, model: LanguageModel, removal: Removal, prompts: Sequence[_Prompt]) -> None:
        tokens = sorted({token for one in prompts for token in (one.good, one.bad)})
        self._place = {token: place for place, token in enumerate(tokens)}
        self._answers = Answers(model, removal, outputs=tokens)

    def without_each(self, prompts: Sequence[_Prompt]) -> dict[str, Strikes]:
        """By item."""
        rows = without_each(self._answers, [one.text for one in prompts], [one.pieces for one in prompts])
        heights = [self._heights(one, row) for one, row in zip(prompts, rows, strict=True)]
        return {one.item: Strikes(row[0], row[1:]) for one, row in zip(prompts, heights, strict=True)}

    def courses(self, explained: Sequence[tuple[_Prompt, Sequence[float]]]) -> list[Course]:
        """Of prompts with the scores of their tokens, in their order."""
        orders = [
            in_steps([one.pieces[place] for place in order_of(scores_of(one.units, scores), one.text.text)])
            for one, scores in explained
        ]
        steps = steps_in_order(self._answers, [one.text for one, _ in explained], orders, left=1)
        return [
            Course(self._heights(one, row.without), self._heights(one, row.only))
            for (one, _), row in zip(explained, steps, strict=True)
        ]

    def _heights(self, prompt: _Prompt, rows: Sequence[Logits]) -> tuple[float, ...]:
        good, bad = self._place[prompt.good], self._place[prompt.bad]
        return tuple(row[good] - row[bad] for row in rows)


def _chunks(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """Prompts of similar length together, the longest first, each once."""
    ordered = sorted({one.item: one for one in questions}.values(), key=lambda one: -len(one.prompt))
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]
