"""What the model says as a text loses its most important tokens first, or keeps only them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bcos_core.evaluate.case import TENTHS, Curves, Logits
from bcos_core.evaluate.forward import logits_of
from bcos_core.evaluate.removal import Removal, Variant
from bcos_core.model.classifier import Classifier
from bcos_core.text.encoding import Encoded


def ranked(scores: Sequence[float], text: Encoded) -> list[int]:
    """Positions of the ordinary tokens, the highest score first; equal scores in the order of the text."""
    ordinary = [position for position, token in enumerate(text.tokens) if not token.added]
    return sorted(ordinary, key=lambda position: -scores[position])


def top_counts(tokens: int) -> list[int]:
    """How many of a text's ordinary tokens the top-k are: ⌊tokens · k⌋, at least one."""
    return [max(1, tokens * tenth // 10) for tenth in TENTHS]


def removal_curves(
    classifier: Classifier, texts: Sequence[Encoded], scores: Sequence[Sequence[float]], removal: Removal
) -> list[Curves]:
    """The curves of several explanations, of one text each; a text may appear more than once."""
    variants: list[Variant] = []
    for text, row in zip(texts, scores, strict=True):
        order = ranked(row, text)
        counts = top_counts(len(order))
        gone: list[Collection[int]] = [(), order]
        gone += [order[:count] for count in counts]
        gone += [order[count:] for count in counts]
        variants += [removal.apply(text, positions, classifier.tokenizer) for positions in gone]
    logits = logits_of(classifier, variants)
    width, steps = 2 + 2 * len(TENTHS), len(TENTHS)
    rows = [logits[start : start + width] for start in range(0, len(logits), width)]
    return [Curves(row[0], row[1], tuple(row[2 : 2 + steps]), tuple(row[2 + steps :])) for row in rows]


def leave_one_out(classifier: Classifier, texts: Sequence[Encoded], removal: Removal) -> list[list[Logits]]:
    """For each text its logits whole, then without each of its ordinary tokens alone, in their order."""
    removed = [[[], *([p] for p, token in enumerate(text.tokens) if not token.added)] for text in texts]
    variants = [
        removal.apply(text, positions, classifier.tokenizer)
        for text, sets in zip(texts, removed, strict=True)
        for positions in sets
    ]
    logits = iter(logits_of(classifier, variants))
    return [[next(logits) for _ in sets] for sets in removed]
