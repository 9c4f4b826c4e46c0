"""Perplexity: how surprised a language model is by text, one predicted token after the other.

    perplexity = exp( − Σ log p(token | all before it in its sequence) / number of predicted tokens )

The sum is over all tokens of all sequences (`bcos_core.text.sequences`) but the first of each, so that long sequences
count for more than short ones. Two models compare only on the same sequences, by one tokenizer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedModel

from bcos_core.errors import InputError, NotFiniteError
from bcos_core.model.anatomy import device_of, family_of
from bcos_core.model.pooling import scaled_logits
from bcos_core.model.shared_copy import shared_copy
from bcos_core.tasks.estimates import CONFIDENCE, RESAMPLES, ROWS, SEED
from bcos_core.text.encoding import batches_by_length
from bcos_core.wanted import require_wanted

BATCH_TOKENS = 2048
"""Of a pass, padding included."""
HEAD_ROWS = 512
"""Tokens whose logits are in memory at once: one of a vocabulary of 50,000 takes 200 kB."""


@dataclass(frozen=True)
class Perplexity:
    """Of one model on some sequences: `losses` are the negative log-likelihoods of each, summed over its predicted
    tokens, in nats, and `tokens` how many these are, in the order of the sequences."""

    losses: tuple[float, ...]
    tokens: tuple[int, ...]

    @property
    def predicted(self) -> int:
        """Predicted tokens altogether."""
        return sum(self.tokens)

    @property
    def mean_loss(self) -> float:
        """Nats a predicted token."""
        return math.fsum(self.losses) / self.predicted

    @property
    def value(self) -> float:
        """The perplexity; infinite where it is more than a number can hold."""
        return _exp(self.mean_loss)

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval over sequences (percentile bootstrap); NaN of a single one."""
        return _interval(np.asarray(self.losses), np.asarray(self.tokens, dtype=float))


@dataclass(frozen=True)
class Ratio:
    """One model's perplexity divided by another's, on the same sequences, and its 95 % interval over sequences
    (percentile bootstrap, drawn in pairs); infinite where it is more than a number can hold."""

    value: float
    low: float
    high: float


def ratio(of: Perplexity, to: Perplexity) -> Ratio:
    """`of` divided by `to`.

    Raises:
        InputError: they are of other sequences.
    """
    if of.tokens != to.tokens:
        raise InputError("The two perplexities are of other sequences, or by another tokenizer: they do not compare.")
    apart = np.asarray(of.losses) - np.asarray(to.losses)
    return Ratio(_exp(of.mean_loss - to.mean_loss), *_interval(apart, np.asarray(of.tokens, dtype=float)))


def _interval(sums: NDArray[np.float64], tokens: NDArray[np.float64]) -> tuple[float, float]:
    """Of exp(Σ sums / Σ tokens), where sequences are drawn with replacement."""
    if len(sums) < 2:
        return math.nan, math.nan
    generator = np.random.default_rng(SEED)
    means: list[float] = []
    for done in range(0, RESAMPLES, ROWS):
        drawn = generator.integers(0, len(sums), (min(ROWS, RESAMPLES - done), len(sums)))
        means += (sums[drawn].sum(1) / tokens[drawn].sum(1)).tolist()
    outside = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [outside, 1 - outside]).tolist()
    return _exp(low), _exp(high)


def _exp(nats: float) -> float:
    return math.exp(nats) if nats < math.log(np.finfo(float).max) else math.inf


@torch.no_grad()
def perplexity(
    model: PreTrainedModel,
    sequences: Sequence[Sequence[int]],
    *,
    b: float | None = None,
    batch_tokens: int = BATCH_TOKENS,
    beat: Callable[[int, int], None] = lambda done, total: None,
) -> Perplexity:
    """That of a language model, which stays as it is, in the precision of its weights.

    Args:
        sequences: of two tokens and more.
        b: the exponent of its B-cos transforms, its own if `None`.
        beat: told after every batch how many sequences of how many are done.

    Raises:
        InputError: no sequences, one of fewer than two tokens, or a model without a head that gives the next token.
        NotFiniteError: a log-likelihood that is no number.
    """
    if not family_of(model).speaks:
        raise InputError(f"{type(model).__name__} has no head that gives the next token. Give a …ForCausalLM.")
    if not sequences or min(map(len, sequences)) < 2:
        raise InputError("Perplexity needs sequences of two tokens and more: nothing is predicted of the first.")
    view = shared_copy(model, {"training": False} if b is None else {"training": False, "b": b})
    losses, done = [0.0] * len(sequences), 0
    longest = max(map(len, sequences))
    for places in batches_by_length([len(ids) for ids in sequences], max(1, batch_tokens // longest)):
        require_wanted()
        batch = padded([sequences[place] for place in places], device_of(model))
        rows, targets = hidden_and_targets(view, *batch)
        of_text = batch[1][:, 1:].nonzero()[:, 0]
        found = torch.zeros(len(places), dtype=torch.float64, device=rows.device)
        for part in in_parts(len(rows), HEAD_ROWS):
            found.index_add_(0, of_text[part], token_losses(view, rows[part], targets[part]).double())
        for place, loss in zip(places, found.tolist(), strict=True):
            losses[place] = loss
        done += len(places)
        beat(done, len(sequences))
    if not all(map(math.isfinite, losses)):
        raise NotFiniteError(
            "The model gives a token of these texts no probability that is a number. Its weights are damaged, or "
            "training them diverged: train it again, or copy it anew."
        )
    return Perplexity(tuple(losses), tuple(len(ids) - 1 for ids in sequences))


def padded(sequences: Sequence[Sequence[int]], device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """Ids and attention mask, (batch, tokens), padded on the right: what is there is never looked at."""
    width = max(map(len, sequences))
    ids = torch.tensor([[*one, *[0] * (width - len(one))] for one in sequences], dtype=torch.long)
    mask = torch.tensor([[1] * len(one) + [0] * (width - len(one)) for one in sequences], dtype=torch.long)
    return ids.to(device), mask.to(device)


def hidden_and_targets(model: PreTrainedModel, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The hidden states from which tokens are predicted, (predicted, hidden), and these tokens, (predicted,), text by
    text, of ids and mask (batch, tokens)."""
    hidden = model.base_model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
    shown = mask[:, 1:].bool()
    return hidden[:, :-1][shown], ids[:, 1:][shown]


def head_logits(model: PreTrainedModel, rows: Tensor) -> Tensor:
    """Logits (rows, vocabulary), in float32, of hidden states (rows, hidden)."""
    logits: Tensor = scaled_logits(model, model.get_submodule(family_of(model).output)(rows))
    return logits.float()


def token_losses(model: PreTrainedModel, rows: Tensor, targets: Tensor) -> Tensor:
    """− log p of each target (rows,), (rows,), after hidden states (rows, hidden)."""
    return torch.nn.functional.cross_entropy(head_logits(model, rows), targets, reduction="none")


def in_parts(rows: int, size: int) -> Iterator[slice]:
    """Rows 0 … `rows`, so many at once."""
    return (slice(start, min(rows, start + size)) for start in range(0, rows, size))
