"""When a model has learned what a word does: its contribution at every state of a training, and where it appears."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bcos_core.attribution.aggregation import word_scores
from bcos_core.attribution.record import Attribution

HALF = 0.5


@dataclass(frozen=True)
class WordCourse:
    """A word of a kept text, by its character span, and its contribution at each state. `appears` is the place of the
    state from which on it has its final sign and at least half of its final size; None where it ends at nothing."""

    word: str
    start: int
    end: int
    scores: tuple[float, ...]

    @property
    def final(self) -> float:
        return self.scores[-1]

    @property
    def appears(self) -> int | None:
        final = self.final
        if not math.isfinite(final) or final == 0:
            return None
        there = [score / final >= HALF for score in self.scores]  # not a number: it is not there
        return len(there) - there[::-1].index(False) if False in there else 0


def word_courses(records: Sequence[Attribution]) -> list[WordCourse]:
    """Of the words that were read, in their order, from the records of one text by step."""
    by_state = [[word for word in word_scores(record) if word.read] for record in records]
    return [
        WordCourse(same[0].text, same[0].start, same[0].end, tuple(word.score for word in same))
        for same in zip(*by_state, strict=True)
    ]
