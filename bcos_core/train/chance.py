"""Random numbers of a training step: drawn for its whole batch at once, so that what is random about a text is the same
whichever process works on it, and with however many others at once."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Chance:
    """Numbers from [0, 1), each as likely, that decide what is random about each text of a batch and each of its
    tokens.

    `what`, `rule`, `size`, `share` and `side` are (batch, 1), `tokens` is (batch, tokens).
    """

    what: Tensor
    rule: Tensor
    size: Tensor
    share: Tensor
    side: Tensor
    tokens: Tensor

    @classmethod
    def drawn(cls, ids: Tensor, *, generator: torch.Generator | None = None) -> Chance:
        """For the texts of ids (batch, tokens), or of what is of that shape; by PyTorch's own generator where none is
        given. Drawn on the CPU: the same for every device."""
        what, rule, size, share, side = torch.rand(len(ids), 5, generator=generator).to(ids.device).split(1, dim=1)
        return cls(what, rule, size, share, side, torch.rand(ids.shape, generator=generator).to(ids.device))

    def of(self, texts: Tensor) -> Chance:
        """Those of some of the texts, by their places (count,)."""
        return Chance(*(getattr(self, field.name)[texts] for field in fields(self)))

    def first(self, tokens: int) -> Chance:
        """Those of the first so many tokens."""
        return Chance(self.what, self.rule, self.size, self.share, self.side, self.tokens[:, :tokens])


def generator_of(*numbers: int) -> torch.Generator:
    """A generator that these numbers (a seed, a step, …) alone decide: what is drawn in a step is the same whatever was
    drawn before it, in a run that goes on from a checkpoint too."""
    return torch.Generator().manual_seed(seed_of(*numbers))


def seed_of(*numbers: int) -> int:
    """A seed made of several numbers, unlike that of any others."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])
