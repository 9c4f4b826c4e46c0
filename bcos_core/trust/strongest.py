"""Which words the model's answer hangs on: how far it moves without each, whatever any method says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bcos_core.model.classifier import Classifier
from bcos_core.text.encoding import encode
from bcos_core.text.units import word_units
from bcos_core.text.words import Span
from bcos_core.trust.edits import hidden
from bcos_core.trust.plan import MOST_WORDS

Measured = Callable[[Sequence[str], Sequence[int]], list[float]]
"""Texts and the explained output of each → what the model says of it."""


def candidate_words(classifier: Classifier, texts: Sequence[str]) -> list[list[Span]]:
    """The words of each text that are asked about: with a letter or a digit, and read by the model."""
    found = []
    for encoded in encode(classifier.tokenizer, texts, classifier.max_length):
        units = word_units(encoded.text, encoded.tokens)
        words = [
            (one.start, one.end)
            for one in units
            if one.positions and any(map(str.isalnum, encoded.text[one.start : one.end]))
        ]
        step = len(words) / MOST_WORDS
        found.append(words if step <= 1 else [words[int(place * step)] for place in range(MOST_WORDS)])
    return found


def strengths(
    classifier: Classifier,
    texts: Sequence[str],
    targets: Sequence[int],
    words: Sequence[Sequence[Span]],
    measured: Measured,
) -> list[dict[Span, float]]:
    """|what the model says of the text − of the text without the word|, for those `words` of each text."""
    mask = classifier.tokenizer.mask_token
    whole = measured(texts, targets)
    variants: list[tuple[int, Span, str]] = [
        (row, place, edit.text)
        for row, places in enumerate(words)
        for place in places
        if (edit := hidden(texts[row], place, mask)) is not None
    ]
    without = measured([text for _, _, text in variants], [targets[row] for row, _, _ in variants])
    found: list[dict[Span, float]] = [{} for _ in texts]
    for (row, place, _), value in zip(variants, without, strict=True):
        found[row][place] = abs(whole[row] - value)
    return found
