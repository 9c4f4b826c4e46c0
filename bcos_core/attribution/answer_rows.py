"""Every token of an answer explained: one pass for each, and sums of them over a part of the answer.

A row says what the tokens before a written one contribute to it, as `explain` does. What is split is the logit, or the
log-odds against all other tokens, which is exact too: with p the probabilities of the vocabulary, y the written token
and w_k = p_k / (1 − p_y) those of the others among themselves,

    log(p_y / (1 − p_y)) = logit_y − Σ_k w_k logit_k − H(w),     H(w) = −Σ_k w_k log w_k,

since log Σ_k exp(logit_k) = Σ_k w_k logit_k + H(w). Every logit is a sum over tokens, so a token contributes its share
of logit_y minus the mean of its shares of the others under w, as they are for this text; −H(w) belongs to no token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from bcos_core.errors import InputError, NotFiniteError, UnknownNameError
from bcos_core.model.contributions import contributions
from bcos_core.model.language_model import LanguageModel
from bcos_core.model.view import ModelView
from bcos_core.text.encoding import Encoded, collate

Measure = Literal["logit", "log-odds"]
MEASURES: tuple[Measure, ...] = ("logit", "log-odds")


@dataclass(frozen=True)
class Row:
    """A written token, at `place` in all that was read: `scores` (place,) of the tokens before it, and the `share` that
    no token has (biases; of log-odds −H(w)). Together they add up to `total`. `logit` and `probability` are the
    token's own."""

    place: int
    token: int
    scores: tuple[float, ...]
    share: float
    total: float
    logit: float
    probability: float


def answer_rows(model: LanguageModel, read: Encoded, start: int, *, measure: Measure = "logit") -> Iterator[Row]:
    """The rows of the tokens from `start` on, each as soon as it is there: one forward and one backward pass over what
    stands before it. Nothing is kept of a row but its numbers.

    Args:
        read: the prompt and the answer, as a step of `generate` has them.
        start: where in it the answer begins.

    Raises:
        UnknownNameError: no such measure.
        InputError: no token before the answer, or none in it.
        NotFiniteError: a row with numbers that are none.
    """
    if measure not in MEASURES:
        raise UnknownNameError("measure", measure, MEASURES)
    if not 0 < start < len(read):
        raise InputError(f"The answer begins at {start} of {len(read)} tokens; expected at least one before and in it.")
    return _rows(model, read, start, measure)


def _rows(model: LanguageModel, read: Encoded, start: int, measure: Measure) -> Iterator[Row]:
    view = ModelView(model.model, explanation_mode=True)
    for place in range(start, len(read)):
        token = read.ids[place]
        before = Encoded(read.text, read.ids[:place], read.tokens[:place], read.truncated_at)
        batch = collate(model.tokenizer, [before], model.device)
        select = partial(_select, token=token, measure=measure)
        found = contributions(view, batch.input_ids, batch.attention_mask, select)
        logits = found.logits[0].double()
        total = float(logits[token]) if measure == "logit" else _log_odds(logits, token)
        share = float(found.bias_share[0]) - (0.0 if measure == "logit" else _entropy(_others(logits, token)))
        own = float(logits[token]), float(logits.softmax(0)[token])
        row = Row(place, token, tuple(found.scores[0].tolist()), share, total, *own)
        if not torch.isfinite(torch.tensor([*row.scores, row.share, row.total])).all():
            raise NotFiniteError(f"The contributions to token {place} of {model.name} are not all finite numbers.")
        yield row


@dataclass(frozen=True)
class Part:
    """Several rows as one: `scores` (tokens before the last of them,) and `share` add up to `total`, the sum of what
    the rows add up to."""

    scores: tuple[float, ...]
    share: float
    total: float


def part_of(rows: Sequence[Row]) -> Part:
    """The sum of rows.

    Raises:
        InputError: none.
    """
    if not rows:
        raise InputError("A part of an answer has at least one token.")
    scores = [0.0] * max(len(row.scores) for row in rows)
    for row in rows:
        for place, score in enumerate(row.scores):
            scores[place] += score
    return Part(tuple(scores), sum(row.share for row in rows), sum(row.total for row in rows))


def _select(logits: Tensor, token: int, measure: Measure) -> Tensor:
    """(1, vocabulary) → (1,): the logit, or it minus the mean of the others under their own probabilities."""
    if measure == "logit":
        return logits[:, token]
    weights = _others(logits[0].detach().double(), token).to(logits.dtype)
    return logits[:, token] - (logits * weights).sum(-1)


def _others(logits: Tensor, token: int) -> Tensor:
    """w (vocabulary,): the probabilities of the other tokens among themselves."""
    rest = logits.clone()
    rest[token] = -torch.inf
    return rest.softmax(0)


def _entropy(weights: Tensor) -> float:
    return float(torch.special.entr(weights).sum())


def _log_odds(logits: Tensor, token: int) -> float:
    rest = logits.clone()
    rest[token] = -torch.inf
    return float(logits[token] - rest.logsumexp(0))
