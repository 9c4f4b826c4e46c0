"""Stochastic methods: the same seed and text give the same scores, whatever else is in the batch.

captum draws from the process's global generators. Each text is therefore asked about alone, with the generators
set from the seed and the text itself, and put back afterwards; one text at a time in the whole process.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch

from bcos_core.attribution.question import Answer, Question

_generators = threading.Lock()


def seed_of(seed: int, ids: Sequence[int]) -> int:
    """A seed of its own for each text, the same on every machine."""
    return zlib.crc32(np.asarray([seed, *ids], dtype="<i8").tobytes())


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """torch's and NumPy's global generators set to `seed` inside the block, and as before afterwards."""
    with _generators, torch.random.fork_rng():
        before = np.random.get_state()
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)
        try:
            yield
        finally:
            np.random.set_state(before)


def text_by_text(answer: Callable[[Question], Answer]) -> Callable[[Question], Answer]:
    """The method that asks `answer` about each text alone, seeded, and puts the answers together."""

    def answer_all(question: Question) -> Answer:
        answers = []
        for alone in question.each_text():
            with seeded(seed_of(question.seed, alone.batch.texts[0].ids)):
                answers.append(answer(alone))
        return put_together(question, answers)

    answer_all.__doc__ = answer.__doc__
    return answer_all


def put_together(question: Question, answers: Sequence[Answer]) -> Answer:
    """The answer about a batch from those about each of its texts alone; passes are their mean."""
    scores = torch.zeros(question.batch.input_ids.shape, dtype=torch.float64, device=question.classifier.device)
    for row, found in enumerate(answers):
        scores[row, : found.scores.shape[1]] = found.scores[0]
    return Answer(
        scores,
        torch.cat([found.reference_share.double() for found in answers]),
        torch.cat([found.logits for found in answers]),
        _mean(found.forward_passes for found in answers),
        _mean(found.backward_passes for found in answers),
        answers[0].parameters,
    )


def _mean(values: Iterator[float] | Sequence[float]) -> float:
    known = list(values)
    return sum(known) / len(known)
