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

from bcos_core.attribution.interface import MethodInput, MethodOutput

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


def text_by_text(attribute: Callable[[MethodInput], MethodOutput]) -> Callable[[MethodInput], MethodOutput]:
    """The method that runs `attribute` on each text alone, seeded, and puts the outputs together."""

    def attribute_all(inputs: MethodInput) -> MethodOutput:
        outputs = []
        for alone in inputs.each_text():
            with seeded(seed_of(inputs.seed, alone.batch.texts[0].ids)):
                outputs.append(attribute(alone))
        return put_together(inputs, outputs)

    attribute_all.__doc__ = attribute.__doc__
    return attribute_all


def put_together(inputs: MethodInput, outputs: Sequence[MethodOutput]) -> MethodOutput:
    """The output for a batch from those for each of its texts alone; passes are their mean."""
    scores = torch.zeros(inputs.batch.input_ids.shape, dtype=torch.float64, device=inputs.text_model.device)
    for row, found in enumerate(outputs):
        scores[row, : found.scores.shape[1]] = found.scores[0]
    biases = [found.bias_share for found in outputs if found.bias_share is not None]
    return MethodOutput(
        scores,
        torch.cat([found.reference_share.double() for found in outputs]),
        torch.cat([found.logits for found in outputs]),
        _mean(found.forward_passes for found in outputs),
        _mean(found.backward_passes for found in outputs),
        outputs[0].parameters,
        torch.cat(biases) if biases else None,
    )


def _mean(values: Iterator[float] | Sequence[float]) -> float:
    known = list(values)
    return sum(known) / len(known)
