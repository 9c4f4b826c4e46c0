"""Every token of an answer explained: one pass for each, and sums of them over a part of the answer.

A row says what the tokens before a written one contribute to it, as `explain` does. What is split is the logit, or the
log-odds against all other tokens, which is exact too: with p the probabilities of the vocabulary, y the written token
and w_k = p_k / (1 − p_y) those of the others among themselves,

    log(p_y / (1 − p_y)) = logit_y − Σ_k w_k logit_k − H(w),     H(w) = −Σ_k w_k log w_k,

since log Σ_k exp(logit_k) = Σ_k w_k logit_k + H(w). Every logit is a sum over tokens, so a token contributes its share
of logit_y minus the mean of its shares of the others under w, as they are for this text; −H(w) belongs to no token.
"""

from __future__ import annotations

import math
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
    token's own; `likeliest` is the token that the model would have written, `confidence` the probability of that."""

    place: int
    token: int
    scores: tuple[float, ...]
    share: float
    total: float
    logit: float
    probability: float
    likeliest: int
    confidence: float


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
        (row,) = next_rows(model, view, [(read, place)], measure=measure)
        require_finite_row(model, row)
        yield row


def next_rows(
    model: LanguageModel, view: ModelView, asked: Sequence[tuple[Encoded, int]], *, measure: Measure = "logit"
) -> list[Row]:
    """The rows of tokens of any texts, each a text and the token's place in it, in one forward and one backward pass.
    Whether their numbers are finite is not looked at.

    Args:
        view: of the model, in explanation mode.
    """
    written = [read.ids[place] for read, place in asked]
    before = [Encoded(read.text, read.ids[:place], read.tokens[:place], read.truncated_at) for read, place in asked]
    batch = collate(model.tokenizer, before, model.device)
    select = partial(_select, tokens=written, measure=measure)
    found = contributions(view, batch.input_ids, batch.attention_mask, select)
    scores, shares = found.scores.tolist(), found.bias_share.tolist()
    rows = []
    for number, ((_, place), token) in enumerate(zip(asked, written, strict=True)):
        logits = found.logits[number].double()
        probabilities = logits.softmax(0)
        best = int(logits.argmax())
        total = float(logits[token]) if measure == "logit" else _log_odds(logits, token)
        share = shares[number] - (0.0 if measure == "logit" else _entropy(_others(logits, token)))
        own = float(logits[token]), float(probabilities[token])
        rows.append(
            Row(place, token, tuple(scores[number][:place]), share, total, *own, best, float(probabilities[best]))
        )
    return rows


def is_finite(row: Row) -> bool:
    return all(map(math.isfinite, (*row.scores, row.share, row.total)))


def require_finite_row(model: LanguageModel, row: Row) -> None:
    """
    Raises:
        NotFiniteError: a row with numbers that are none.
    """
    if not is_finite(row):
        raise NotFiniteError(f"The contributions to token {row.place} of {model.name} are not all finite numbers.")


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


def _select(logits: Tensor, tokens: Sequence[int], measure: Measure) -> Tensor:
    """(batch, vocabulary) → (batch,): the logit, or it minus the mean of the others under their own probabilities."""
    own = logits.gather(1, torch.tensor(tokens, device=logits.device)[:, None]).squeeze(1)
    if measure == "logit":
        return own
    rows = zip(logits.detach().double(), tokens, strict=True)
    weights = torch.stack([_others(row, token) for row, token in rows]).to(logits.dtype)
    return own - (logits * weights).sum(-1)


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
