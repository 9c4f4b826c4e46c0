"""Which position a decoder's answer is read from, a classifier's or the next word's: the last one that the attention
mask shows.

For classifiers transformers looks for the last id that is not the padding id. Texts may contain that id (a reference of
padding tokens does throughout), many tokenizers have none, and nothing but the mask says what padding is.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from bcos_core.model.anatomy import family_of


class _LastShown:
    """The forward pass of a decoder with a linear head on top of its last token, without a key–value cache."""

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        return_dict: bool = True,
    ) -> SequenceClassifierOutput:
        """(batch, classes), or (batch, vocabulary), from ids (batch, tokens)."""
        model: Any = self
        family = family_of(model)
        hidden = model.base_model(
            input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids, use_cache=False
        ).last_hidden_state
        last = last_shown(torch.ones_like(input_ids) if attention_mask is None else attention_mask)
        logits = model.get_submodule(family.output)(hidden[torch.arange(len(last), device=last.device), last])
        return SequenceClassifierOutput(logits=scaled_logits(model, logits))


def scaled_logits(model: PreTrainedModel, logits: Tensor) -> Tensor:
    """What a model makes of the outputs (…, vocabulary) of its head: some language models divide them."""
    family = family_of(model)
    divided = family.speaks and family.logits_divided_by is not None
    return logits / getattr(model.config, family.logits_divided_by) if divided else logits  # type: ignore[arg-type]


def last_shown(attention_mask: Tensor) -> Tensor:
    """The last column that is shown, (batch,), of a mask (batch, tokens)."""
    columns = torch.arange(attention_mask.shape[1], device=attention_mask.device)
    return (attention_mask.long() * columns).argmax(1)


def first_shown(attention_mask: Tensor) -> Tensor:
    """The first column that is shown, (batch,), of a mask (batch, tokens)."""
    return attention_mask.long().argmax(1)


def pool_by_mask(model: PreTrainedModel) -> PreTrainedModel:
    """The model itself, which, if it is a decoder, pools by its attention mask from now on."""
    if family_of(model).decoder and not isinstance(model, _LastShown):
        model.__class__ = _pooling(type(model))  # type: ignore[arg-type]  # a class can be hashed
    return model


@cache
def _pooling(kind: Any) -> type[PreTrainedModel]:
    """A class of the same name, under which transformers saves and finds it."""
    return type(kind.__name__, (_LastShown, kind), {"__module__": kind.__module__, "__doc__": kind.__doc__})
