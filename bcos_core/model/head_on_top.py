"""A model's head on every token of a text, and not only on the one that the decision is read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from bcos_core.model.anatomy import blocks_of, family_of, hidden_of, positions_of, types_of
from bcos_core.model.pooling import pool_by_mask, scaled_logits
from bcos_core.model.shared_copy import shared_copy
from bcos_core.wanted import require_wanted

LOGITS_AT_ONCE = 4_194_304
"""That the head gives in one go: all those of a long prompt, over a vocabulary, would be larger than the model."""


@dataclass(frozen=True)
class Represented:
    """Tokens of texts at both ends of a model: E, the input of the first block, and the last hidden states, (batch,
    tokens, hidden) each; and what the model answers, (batch, outputs)."""

    embeddings: Tensor
    hidden: Tensor
    logits: Tensor


class HeadOnTop:
    """A classifier or language model as two parts, the network and the head on top of it; for one thread."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._family = family_of(model)
        self._model: Any = pool_by_mask(shared_copy(model, {"training": False, "explanation_mode": False}))
        self._embeddings: Tensor | None = None
        self._hidden: Tensor | None = None
        self._rows: Tensor | None = None
        blocks_of(self._model, self._family)[0].register_forward_pre_hook(self._before_blocks, with_kwargs=True)
        self._model.base_model.register_forward_hook(self._behind_blocks)
        first = self._model.get_submodule(self._family.head[0].linears[0])
        first.register_forward_pre_hook(self._before_head)

    @torch.no_grad()
    def represent(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None) -> Represented:
        """One forward pass over texts (batch, tokens), padded on the right."""
        require_wanted()
        self._embeddings = self._hidden = None
        logits: Tensor = self._model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=positions_of(self._model, input_ids),
            **types_of(self._model, token_type_ids),
        ).logits
        assert self._embeddings is not None and self._hidden is not None  # a model has blocks, and a head on them
        return Represented(self._embeddings, self._hidden, logits)

    @torch.no_grad()
    def logits(self, hidden: Tensor) -> Tensor:
        """What the head gives for rows (rows, hidden) of `Represented.hidden`: (rows, outputs)."""
        if self._family.decoder:
            return scaled_logits(self._model, self._model.get_submodule(self._family.output)(hidden))
        # The head of an encoder has no module of its own: a text of one token brings the model to it, and the rows go
        # in where that token would.
        self._rows = hidden
        try:
            one = torch.zeros((1, 1), dtype=torch.long, device=hidden.device)
            logits: Tensor = self._model(input_ids=one, attention_mask=torch.ones_like(one)).logits
        finally:
            self._rows = None
        return logits

    def rows_at_once(self, outputs: int) -> int:
        """How many rows `logits` is to be given together."""
        return max(1, LOGITS_AT_ONCE // outputs)

    def _before_blocks(self, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if self._embeddings is None:  # some models run their first block as every other layer too
            self._embeddings = hidden_of(args, kwargs)

    def _behind_blocks(self, _: nn.Module, __: Any, output: Any) -> None:
        if self._rows is None:
            self._hidden = output[0]

    def _before_head(self, _: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        return None if self._rows is None else (self._rows, *args[1:])
