"""Which words have the largest contributions over a whole result, counted as its shards are gone through once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bcos_core.attribution.aggregation import word_scores
from bcos_core.attribution.record import Attribution

MOST_WORDS = 20_000
"""Of each method and target, that are counted at once: what is beyond is forgotten, the rarest first."""
KEPT = 50
"""Of each end, in the summary."""
LEAST_TIMES = 2
"""Of a word that is listed: what stood in one text says nothing of the whole."""


@dataclass(frozen=True)
class Word:
    """A word in lower case: how many times it stood in a text, and the sum of its contributions to the target."""

    word: str
    times: int
    total: float

    @property
    def mean(self) -> float:
        return self.total / self.times


@dataclass(frozen=True)
class TargetWords:
    """Of one method and one explained output (a contrast is one): the words whose mean contribution is the largest and
    the smallest. `forgotten` are occurrences of rare words that were not counted to the end."""

    method: str
    target: str
    explanations: int
    supports: tuple[Word, ...]
    against: tuple[Word, ...]
    forgotten: int


class WordCount:
    """Sums over words, in bounded memory. Targets beyond `most_targets` (of a language model there is one for each
    token) are one together, with no name."""

    def __init__(self, most_targets: int = 40, most_words: int = MOST_WORDS) -> None:
        self._most_targets, self._most_words = most_targets, most_words
        self._sums: dict[tuple[str, str], dict[str, list[float]]] = {}
        self._seen: dict[tuple[str, str], int] = {}
        self._forgotten: dict[tuple[str, str], int] = {}

    def add(self, record: Attribution) -> None:
        key = record.method, record.target.title if record.prompt is None else ""
        if key not in self._sums and len(self._sums) >= self._most_targets:
            key = record.method, ""
        sums = self._sums.setdefault(key, {})
        self._seen[key] = self._seen.get(key, 0) + 1
        for span in word_scores(record):
            if span.read:
                entry = sums.setdefault(span.text.casefold(), [0.0, 0.0])
                entry[0] += 1
                entry[1] += span.score
        if len(sums) > 2 * self._most_words:
            self._forget(key, sums)

    def words(self) -> tuple[TargetWords, ...]:
        """By target, the most positive words and the most negative ones first."""
        return tuple(self._of(key, sums) for key, sums in sorted(self._sums.items()))

    def _of(self, key: tuple[str, str], sums: dict[str, list[float]]) -> TargetWords:
        method, target = key
        found = [Word(word, int(times), total) for word, (times, total) in sums.items() if times >= LEAST_TIMES]
        found.sort(key=lambda one: (-one.mean, one.word))
        supports = tuple(one for one in found[:KEPT] if one.mean > 0)
        against = tuple(one for one in reversed(found[-KEPT:]) if one.mean < 0)
        return TargetWords(method, target, self._seen[key], supports, against, self._forgotten.get(key, 0))

    def _forget(self, key: tuple[str, str], sums: dict[str, list[float]]) -> None:
        """The rarer half; of two that are as rare, the later one in the alphabet."""
        kept: Sequence[str] = sorted(sums, key=lambda word: (-sums[word][0], word))[: self._most_words]
        lost = sum(int(times) for times, _ in sums.values()) - sum(int(sums[word][0]) for word in kept)
        self._forgotten[key] = self._forgotten.get(key, 0) + lost
        self._sums[key] = {word: sums[word] for word in kept}
