"""What the model says as a text loses its most important tokens first, or keeps only them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bcos_core.evaluate.answers import Answers, Question
from bcos_core.evaluate.case import TENTHS, Curves, Logits, Steps
from bcos_core.text.encoding import Encoded


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
    orders = [ranked(row, text) for text, row in zip(texts, scores, strict=True)]
    logits = iter(
        answers.ask(
            [
                (text, gone)
                for text, order in zip(texts, orders, strict=True)
                for count in range(len(order) + 1)
                for gone in (order[:count], order[count:])
            ]
        )
    )
    found = []
    for order in orders:
        without, only = zip(*[(next(logits), next(logits)) for _ in range(len(order) + 1)], strict=True)
        found.append(Steps(without, only))
    return found


def leave_one_out(answers: Answers, texts: Sequence[Encoded]) -> list[list[Logits]]:
    """For each text its logits whole, then without each of its ordinary tokens alone, in their order."""
    removed = [[[], *([p] for p, token in enumerate(text.tokens) if not token.added)] for text in texts]
    logits = iter(
        answers.ask([(text, positions) for text, sets in zip(texts, removed, strict=True) for positions in sets])
    )
    return [[next(logits) for _ in sets] for sets in removed]
