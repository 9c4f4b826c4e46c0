"""Random sets of a text's tokens that are removed together: does an explanation foresee what their removal does?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bcos_core.evaluate.answers import Answers
from bcos_core.evaluate.case import Sets
from bcos_core.evaluate.plan import SETS_OF_A_TEXT
from bcos_core.storage.content import name_of
from bcos_core.text.encoding import Encoded


def removed_sets(answers: Answers, texts: Sequence[Encoded], seed: int) -> list[Sets]:
    """For each text `SETS_OF_A_TEXT` sets, of every size alike, and what the model says without them. They depend on
    the text and the seed alone: every method and every model is asked about the same."""
    drawn = [_draw(text, seed) for text in texts]
    questions = [(text, removed) for text, sets in zip(texts, drawn, strict=True) for removed in ((), *sets)]
    logits = iter(answers.ask(questions))
    return [Sets(next(logits), sets, tuple(next(logits) for _ in sets)) for sets in drawn]


def _draw(text: Encoded, seed: int) -> tuple[tuple[int, ...], ...]:
    generator = np.random.default_rng(int(name_of([text.text, seed]), 16))
    ordinary = [position for position, token in enumerate(text.tokens) if not token.added]
    sizes = generator.integers(1, len(ordinary), size=SETS_OF_A_TEXT, endpoint=True)
    return tuple(tuple(sorted(generator.permutation(ordinary)[:size].tolist())) for size in sizes)
