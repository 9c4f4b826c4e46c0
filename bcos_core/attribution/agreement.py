"""How far two explanations of one text agree: by rank, and by what they put on top."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.stats import kendalltau

from bcos_core.attribution.aggregation import SpanScore, word_scores
from bcos_core.attribution.record import Attribution
from bcos_core.text.units import joined_spans

TOP_SHARE = 0.2


def shared_words(records: Sequence[Attribution]) -> list[tuple[float, ...]]:
    """The scores of the same words under each of several records of one text.

    Tokenizers differ: words that are one piece in one record are one in all of them, and only those count that were
    read in every record.

    Raises:
        ValueError: records of several texts.
    """
    if len({record.text for record in records}) > 1:
        raise ValueError("The records are not of one text.")
    return shared_pieces([word_scores(record) for record in records])


def shared_pieces(rows: Sequence[Sequence[SpanScore]]) -> list[tuple[float, ...]]:
    """The same of words with their scores, of one text in each row."""
    read = [[word for word in words if word.read] for words in rows]
    scores: list[tuple[float, ...]] = []
    for start, end in joined_spans((word.start, word.end) for words in read for word in words):
        inside = [[word.score for word in words if start <= word.start and word.end <= end] for words in read]
        if all(inside):
            scores.append(tuple(map(sum, inside)))
    return list(zip(*scores, strict=True)) if scores else [()] * len(rows)


def rank_agreement(one: Sequence[float], other: Sequence[float]) -> float:
    """Kendall's τ-b of the scores, −1 to 1; NaN where one of them ranks nothing.

    Raises:
        ValueError: not the same number of scores.
    """
    _require_aligned(one, other)
    if len(one) < 2 or len(set(one)) < 2 or len(set(other)) < 2:
        return math.nan
    return float(kendalltau(one, other).statistic)


def top_agreement(one: Sequence[float], other: Sequence[float]) -> float:
    """Share of the top fifth (at least one) that both have, 0 to 1; equal scores in the order of the text.

    Raises:
        ValueError: not the same number of scores, or none.
    """
    _require_aligned(one, other)
    if not one:
        raise ValueError("There are no scores to compare.")
    size = max(1, round(TOP_SHARE * len(one)))
    return len(_top(one, size) & _top(other, size)) / size


def _top(scores: Sequence[float], size: int) -> set[int]:
    return set(sorted(range(len(scores)), key=lambda place: -scores[place])[:size])


def _require_aligned(one: Sequence[float], other: Sequence[float]) -> None:
    if len(one) != len(other):
        raise ValueError(f"{len(one)} scores beside {len(other)}: not of the same text.")
