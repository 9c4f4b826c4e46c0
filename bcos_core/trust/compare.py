"""Pairs of heatmaps as the numbers that a test looks at, one a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from bcos_core.trust.edits import Edit
from bcos_core.trust.heatmaps import Heatmap
from bcos_core.trust.likeness import largest_difference, overlap, rank_likeness
from bcos_core.trust.tests import LEAST_WORDS

Maps = Sequence[Heatmap | None]
Compared = Callable[[Sequence[float], Sequence[float]], float]


def same_text(one: Maps, other: Maps, compared: Compared) -> list[float]:
    """Of the same texts explained under two conditions; texts with too few words, or without numbers, are left out."""
    values = []
    for before, after in zip(one, other, strict=True):
        if before is not None and after is not None and len(before) >= LEAST_WORDS:
            values.append(compared(list(before.values()), [after[place] for place in before]))
    return values


def by_rank(one: Maps, other: Maps) -> list[float]:
    return same_text(one, other, rank_likeness)


def by_strength(one: Maps, other: Maps) -> list[float]:
    """Of the absolute scores."""
    return same_text(one, other, lambda a, b: rank_likeness([abs(x) for x in a], [abs(x) for x in b]))


def by_difference(one: Maps, other: Maps) -> list[float]:
    return same_text(one, other, largest_difference)


def between_seeds(maps: Sequence[Maps]) -> list[float]:
    """The mean over all pairs of seeds, text by text; of texts with numbers under every seed."""
    whole = [row for row in zip(*maps, strict=True) if None not in row]
    pairs = [by_rank(*two) for two in combinations(list(zip(*whole, strict=True)), 2)]
    return [sum(values) / len(values) for values in zip(*pairs, strict=True)]


def of_shared_words(before: Maps, after: Maps, edits: Sequence[Edit]) -> list[float]:
    """Spearman's ρ of the words that stand in both texts and were read in both."""
    values = []
    for one, other, edit in zip(before, after, edits, strict=True):
        if one is None or other is None:
            continue
        shared = [(old, new) for old, new in edit.shared if old in one and new in other]
        if len(shared) >= LEAST_WORDS:
            values.append(rank_likeness([one[old] for old, _ in shared], [other[new] for _, new in shared]))
    return values


def of_all_words(before: Maps, after: Maps, edits: Sequence[Edit]) -> list[float]:
    """The overlap of the heatmaps, words that one of the texts lacks being 0 there."""
    values = []
    for one, other, edit in zip(before, after, edits, strict=True):
        if one is None or other is None or len(one) < LEAST_WORDS:
            continue
        shared = [(old, new) for old, new in edit.shared if old in one and new in other]
        old_places, new_places = {old for old, _ in shared}, {new for _, new in shared}
        gone = [score for place, score in one.items() if place not in old_places]
        come = [score for place, score in other.items() if place not in new_places]
        first = [one[old] for old, _ in shared] + gone + [0.0] * len(come)
        second = [other[new] for _, new in shared] + [0.0] * len(gone) + come
        values.append(overlap(first, second))
    return values
