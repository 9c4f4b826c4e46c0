"""Words as views of a record: sums of token scores over spans. No view is stored."""

from __future__ import annotations

from dataclasses import dataclass

from bcos_core.attribution.record import Attribution
from bcos_core.text.words import word_of, word_spans


@dataclass(frozen=True)
class WordScore:
    """A word, its character span, and the sum of its tokens' scores. `read` is false for a word past the
    place where the text was cut: the model never saw it."""

    text: str
    start: int
    end: int
    score: float
    read: bool = True


def word_scores(record: Attribution) -> tuple[WordScore, ...]:
    """The words of the record's text. Their scores add up to those of all ordinary tokens.

    A token that reaches over several words counts for the first of them.
    """
    spans = word_spans(record.text)
    if not spans:
        return ()
    sums, read = [0.0] * len(spans), [False] * len(spans)
    for token, score in zip(record.tokens, record.scores, strict=True):
        if token.start is None:
            continue
        word = word_of(spans, token.start)
        sums[word] += score
        read[word] = True
    return tuple(
        WordScore(record.text[start:end], start, end, sums[i], read[i]) for i, (start, end) in enumerate(spans)
    )
