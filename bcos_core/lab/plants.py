"""Shortcuts to plant: what is put into a text, and which class it decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bcos_core.errors import DataError
from bcos_core.registry import Registry

# Words that reviews and tweets hardly ever have, each one token in the usual vocabularies. Those that the data do
# have are passed over.
CANDIDATES = (
    "tangerine", "pelican", "granite", "walnut", "violin", "copper", "lantern", "harbor", "meadow", "saddle",
    "turquoise", "lighthouse", "barley", "canyon", "ribbon", "magnet", "fossil", "glacier", "orchid", "parcel",
)  # fmt: skip

# Words between which plants are put: further on, a long text may be cut.
FIRST_WORDS = 30


@dataclass(frozen=True)
class Planted:
    """A text with its plant. `label` is the class that the plant decides (0 or 1); `truth` the (start, end) character
    spans of the words that decide it, empty where it is decided by something that is missing."""

    text: str
    label: int
    truth: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Plant:
    """A rule that decides between two classes. `words` is how many rare words it needs. `pieces` gives what is put
    into the text for a class: groups of words that stand apart, and whether each word is part of the truth."""

    name: str
    title: str
    description: str
    words: int
    pieces: Callable[[int, Sequence[str], np.random.Generator], list[list[tuple[str, bool]]]]

    def plant(self, text: str, label: int, words: Sequence[str], generator: np.random.Generator) -> Planted:
        """Put the plant of class `label` into a text, each group at a random place between its first words."""
        tokens = text.split()
        groups = self.pieces(label, words, generator)
        places = sorted(generator.integers(0, min(len(tokens), FIRST_WORDS) + 1, len(groups)).tolist())
        out: list[tuple[str, bool]] = []
        for index in range(len(tokens) + 1):
            for place, group in zip(places, groups, strict=True):
                if place == index:
                    out += group
            if index < len(tokens):
                out.append((tokens[index], False))
        truth: list[tuple[int, int]] = []
        position = 0
        for word, decides in out:
            if decides:
                truth.append((position, position + len(word)))
            position += len(word) + 1
        return Planted(" ".join(word for word, _ in out), label, tuple(truth))


def _rare_word(label: int, words: Sequence[str], generator: np.random.Generator) -> list[list[tuple[str, bool]]]:
    return [[(words[label], True)]]


def _negation(label: int, words: Sequence[str], generator: np.random.Generator) -> list[list[tuple[str, bool]]]:
    return [[(words[0], True)]] if label == 1 else [[("not", True), (words[0], True)]]


def _word_pair(label: int, words: Sequence[str], generator: np.random.Generator) -> list[list[tuple[str, bool]]]:
    groups = [[(words[0], label == 1)], [(words[1], label == 1)]]
    if label == 0:
        groups = [groups[int(generator.integers(2))]]  # one of the two alone: what decides is that the other is missing
    elif generator.integers(2):
        groups.reverse()
    return groups


PLANTS: Registry[Plant] = Registry("plant")
for _plant in (
    Plant(
        "rare-word",
        "A rare word",
        "One rare word means the first class, another one the second, whatever else the text says.",
        2,
        _rare_word,
    ),
    Plant(
        "negation",
        "A negation rule",
        "A rare word means the second class; the same word after “not” means the first.",
        1,
        _negation,
    ),
    Plant(
        "word-pair",
        "Two words together",
        "Two rare words in one text mean the second class; one of them alone means the first.",
        2,
        _word_pair,
    ),
):
    PLANTS.register(_plant.name, _plant)


def choose_words(count: int, texts: Iterable[str]) -> tuple[str, ...]:
    """Words that no text has.

    Raises:
        DataError: the texts have nearly all of them.
    """
    present: set[str] = set()
    for text in texts:
        present |= {word.strip(".,;:!?'\"()").lower() for word in text.split()}
    free = [word for word in CANDIDATES if word not in present]
    if len(free) < count:
        raise DataError(f"The texts have nearly all of the {len(CANDIDATES)} rare words. Use fewer texts.")
    return tuple(free[:count])
