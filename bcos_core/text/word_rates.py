"""How often words are met in training: what is rare and what is frequent, by the texts that a model learned from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bcos_core.text.words import word_spans

RARE, FREQUENT = 1e-4, 1e-3
"""Of all running words: below the one a word is rare, from the other on it is frequent. In English the frequent ones
are some hundred, about half of a text."""
COUNTED_TEXTS = 20_000
"""Texts that are counted: the first of a side are a fair sample (`TaskData`), and rates are known from so many."""


@dataclass(frozen=True)
class WordRates:
    """`counts` of words, lower case, among so many `running` ones of `texts` texts."""

    counts: Counter[str]
    running: int
    texts: int

    def of(self, word: str) -> float:
        """The share of all running words that a word is; 0 of one that was never met."""
        return self.counts[word.lower()] / self.running if self.running else 0.0


def word_rates(texts: Sequence[str]) -> WordRates:
    """Of words with a letter, as they are cut everywhere here."""
    counts: Counter[str] = Counter()
    counted = texts[:COUNTED_TEXTS]
    for text in counted:
        words = (text[start:end] for start, end in word_spans(text))
        counts.update(word.lower() for word in words if is_counted(word))
    return WordRates(counts, counts.total(), len(counted))


def is_counted(word: str) -> bool:
    """Marks and numbers are no words here."""
    return any(character.isalpha() for character in word)
