"""Words and sentences as views of a record: sums of token scores over spans. No view is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bcos_core.attribution.record import Attribution
from bcos_core.text.sentences import sentence_spans
from bcos_core.text.words import word_of, word_spans


@dataclass(frozen=True)
class SpanScore:
    """A word or sentence, its character span, and the sum of its tokens' scores. `read` is false for one past the
    place where the text was cut: the model never saw it."""

    text: str
    start: int
    end: int
    score: float
    read: bool = True


def word_scores(record: Attribution) -> tuple[SpanScore, ...]:
    """The words of the record's text. Their scores add up to those of all ordinary tokens.

    A token that reaches over several words counts for the first of them.
    """
    return _sums(record, word_spans(record.text))


def sentence_scores(record: Attribution) -> tuple[SpanScore, ...]:
    """The sentences that the model saw; the last one ends where the text was cut."""
    return _sums(record, sentence_spans(record.text[: record.truncated_at]))


def _sums(record: Attribution, spans: Sequence[tuple[int, int]]) -> tuple[SpanScore, ...]:
    if not spans:
        return ()
    sums, read = [0.0] * len(spans), [False] * len(spans)
    for token, score in zip(record.tokens, record.scores, strict=True):
        if token.start is not None:
            place = word_of(spans, token.start)
            sums[place] += score
            read[place] = True
    return tuple(
        SpanScore(record.text[start:end], start, end, sums[i], read[i]) for i, (start, end) in enumerate(spans)
    )
