"""What the model says as a text loses its most important tokens first, or keeps only them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bcos_core.evaluate.answers import Answers, Question
from bcos_core.evaluate.case import TENTHS, Curves, Logits, Steps
from bcos_core.text.encoding import Encoded

Pieces = Sequence[Collection[int]]
"""What is removed of a text piece by piece: the positions of a token, or of all tokens of a word."""


def ranked(scores: Sequence[float], text: Encoded) -> list[int]:
    """Positions of the ordinary tokens, the highest score first; equal scores in the order of the text."""
    ordinary = [position for position, token in enumerate(text.tokens) if not token.added]
    return sorted(ordinary, key=lambda position: -scores[position])


def top_counts(tokens: int) -> list[int]:
    """How many of a text's ordinary tokens the top-k are: ⌊tokens · k⌋, at least one."""
    return [max(1, tokens * tenth // 10) for tenth in TENTHS]


def removal_curves(answers: Answers, texts: Sequence[Encoded], scores: Sequence[Sequence[float]]) -> list[Curves]:
    """The curves of several explanations, of one text each; a text may appear more than once."""
    questions: list[Question] = []
    for text, row in zip(texts, scores, strict=True):
        order = ranked(row, text)
        counts = top_counts(len(order))
        gone: list[Collection[int]] = [(), order]
        gone += [order[:count] for count in counts]
        gone += [order[count:] for count in counts]
        questions += [(text, positions) for positions in gone]
    logits = answers.ask(questions)
    width, steps = 2 + 2 * len(TENTHS), len(TENTHS)
    rows = [logits[start : start + width] for start in range(0, len(logits), width)]
    return [Curves(row[0], row[1], tuple(row[2 : 2 + steps]), tuple(row[2 + steps :])) for row in rows]


def removal_steps(answers: Answers, texts: Sequence[Encoded], scores: Sequence[Sequence[float]]) -> list[Steps]:
    """The same at every single removal, for each explanation."""
    orders = [[(position,) for position in ranked(row, text)] for text, row in zip(texts, scores, strict=True)]
    return steps_in_order(answers, texts, orders)


def steps_in_order(
    answers: Answers, texts: Sequence[Encoded], orders: Sequence[Pieces], *, left: int = 0
) -> list[Steps]:
    """The same of texts that lose, or keep, the first pieces of an order each, one more at every step; so many pieces
    are always `left`, of whichever text a model could say nothing without."""
    without = [[_union(order[:i]) for i in range(len(order) + 1 - left)] for order in orders]
    only = [[_union(order[i:]) for i in range(left, len(order) + 1)] for order in orders]
    asked = [(text, gone) for text, *sets in zip(texts, without, only, strict=True) for some in sets for gone in some]
    logits = iter(answers.ask(asked))
    return [
        Steps(tuple(next(logits) for _ in top), tuple(next(logits) for _ in rest))
        for top, rest in zip(without, only, strict=True)
    ]


def leave_one_out(answers: Answers, texts: Sequence[Encoded]) -> list[list[Logits]]:
    """For each text its logits whole, then without each of its ordinary tokens alone, in their order."""
    return without_each(
        answers, texts, [[(place,) for place, token in enumerate(text.tokens) if not token.added] for text in texts]
    )


def without_each(answers: Answers, texts: Sequence[Encoded], pieces: Sequence[Pieces]) -> list[list[Logits]]:
    """For each text its logits whole, then without each of its pieces alone."""
    removed: list[list[Collection[int]]] = [[(), *some] for some in pieces]
    logits = iter(
        answers.ask([(text, positions) for text, sets in zip(texts, removed, strict=True) for positions in sets])
    )
    return [[next(logits) for _ in sets] for sets in removed]


def _union(pieces: Pieces) -> list[int]:
    return [position for piece in pieces for position in piece]
