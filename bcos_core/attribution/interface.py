"""What a method is given, and what it gives back: the same for every method, so that these compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from bcos_core.attribution.record import Target
from bcos_core.attribution.references import REFERENCE_TOKENS, tokens_of
from bcos_core.errors import InputError
from bcos_core.model.text_model import TextModel
from bcos_core.text.encoding import Batch


@dataclass(frozen=True)
class MethodInput:
    """Explain `target` for a batch of texts; without a target, each text's predicted class, or likeliest next token.

    `reference` is the named choice of the method (`Method.references`), `parameters` are its options, `seed`
    that of a stochastic method. `rows_at_most` is what memory was found to be enough for, None where it has not ended.
    """

    text_model: TextModel
    batch: Batch
    target: Target | None
    reference: str | None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    rows_at_most: int | None = None

    def classes(self, logits: Tensor) -> Tensor:
        """The explained class of each text, (batch,), given the logits (batch, classes)."""
        if self.target is None:
            return logits.detach().argmax(-1)
        return torch.full((len(logits),), self.target.index, device=logits.device)

    def select(self, logits: Tensor) -> Tensor:
        """The explained number of each text, (batch,): a logit, or the difference of two."""
        return select(logits, self.classes(logits), self.target)

    @property
    def reference_id(self) -> int | None:
        """The id of the token that stands at every position of the reference; None for a reference of zeros.

        Raises:
            InputError: the tokenizer has no such token.
        """
        if self.reference not in REFERENCE_TOKENS:
            return None
        token_id = getattr(self.text_model.tokenizer, f"{self.reference}_token_id")
        if token_id is None:
            there = " or ".join([*tokens_of(self.text_model.tokenizer), "none (zero)"])
            raise InputError(
                f"The tokenizer of {self.text_model.name} has no {self.reference} token. Choose the reference {there}, "
                "where the method offers it (on the command line: --reference), or a method that needs none."
            )
        return int(token_id)

    @property
    def reference_ids(self) -> Tensor:
        """The batch's ids with the reference's token in place of every ordinary token; added tokens stay."""
        token_id = self.reference_id
        if token_id is None:
            raise ValueError(f"The reference {self.reference!r} has no token.")
        return self.batch.input_ids.masked_fill(self.batch.ordinary, token_id)

    @property
    def rows_per_pass(self) -> int:
        """How many copies of the longest text go through the model together in a method that runs many."""
        return self.rows_of(self.batch.input_ids.shape[1])

    def rows_of(self, columns: int, *, keeps_factors: bool = False) -> int:
        """How many texts of so many tokens go through together; `keeps_factors` as in `TextModel.rows_per_pass`."""
        rows = self.text_model.rows_per_pass(columns, keeps_factors=keeps_factors)
        return rows if self.rows_at_most is None else min(rows, self.rows_at_most)

    def each_text(self) -> Iterator[MethodInput]:
        """The same for each text alone, without padding."""
        for alone in self.batch.each():
            yield replace(self, batch=alone)


def select(logits: Tensor, classes: Tensor, target: Target | None) -> Tensor:
    """`logits[i, classes[i]]`, minus the logit of `target.minus` for a contrast; (batch, classes) → (batch,)."""
    chosen = logits.gather(1, classes[:, None]).squeeze(1)
    return chosen if target is None or target.minus is None else chosen - logits[:, target.minus]


@dataclass(frozen=True)
class MethodOutput:
    """`scores` (batch, tokens), `reference_share` (batch,), `logits` (batch, classes); passes are per text.
    `parameters` are what the method used beyond its options, for the record. `bias_share` (batch,) is what belongs to
    no token: the biases of a model that kept them, the point around which a score is counted; None for a method that
    splits the logit otherwise."""

    scores: Tensor
    reference_share: Tensor
    logits: Tensor
    forward_passes: float
    backward_passes: float
    parameters: Mapping[str, Any] = field(default_factory=dict)
    bias_share: Tensor | None = None
