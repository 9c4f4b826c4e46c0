"""The parts of a loaded model that its family declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from bcos_core.errors import UnsupportedModelError
from bcos_core.families import LANGUAGE_HEAD, Family, family_named
from bcos_core.families.family import padding_id


def family_of(model: nn.Module) -> Family:
    """The family of a loaded sequence classifier, or language model, with the anatomy that it has as such.

    Raises:
        UnsupportedModelError: there is none; the message lists the supported families.
    """
    family = family_named(getattr(getattr(model, "config", None), "model_type", type(model).__name__))
    return family.language_model if family.decoder and LANGUAGE_HEAD in model._modules else family


def blocks_of(model: nn.Module, family: Family) -> nn.ModuleList:
    """The transformer blocks.

    Raises:
        UnsupportedModelError: the model has none where its family has them.
    """
    try:
        blocks = model.get_submodule(family.blocks)
    except AttributeError as error:
        raise lacking(model, family, error) from error
    assert isinstance(blocks, nn.ModuleList)
    return blocks


def lacking(model: nn.Module, family: Family, error: AttributeError) -> UnsupportedModelError:
    what = family.what if family.speaks else f"sequence {family.what}"
    return UnsupportedModelError(f"{type(model).__name__} lacks a part of a {family.title} {what} ({error}).")


def hidden_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tensor:
    """The hidden states among the arguments of a block, (batch, tokens, hidden)."""
    hidden: Tensor = args[0] if args else kwargs["hidden_states"]
    return hidden


def with_hidden(
    args: tuple[Any, ...], kwargs: Mapping[str, Any], hidden: Tensor
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a block with other hidden states."""
    return ((hidden, *args[1:]), dict(kwargs)) if args else ((), {**kwargs, "hidden_states": hidden})


def positions_of(model: nn.Module, input_ids: Tensor) -> Tensor:
    """The positions (batch, tokens) that a classifier gives its tokens, so that they can be kept where some of the
    tokens are replaced: some families count them over the ids themselves."""
    if family_of(model).first_position is None:
        return input_ids.new_ones(input_ids.shape).cumsum(1) - 1
    padding = padding_id(model.config.pad_token_id)  # type: ignore[union-attr, arg-type]
    real = (input_ids != padding).long()
    return real.cumsum(1) * real + padding


def types_of(model: nn.Module, token_type_ids: Tensor | None) -> dict[str, Tensor]:
    """What a classifier is told of which text of a pair each token is of: the argument, where its family has one with
    room for two; nothing else is passed, since others (GPT-2) would read words in it."""
    two = int(getattr(getattr(model, "config", None), "type_vocab_size", None) or 0) > 1
    return {"token_type_ids": token_type_ids} if two and token_type_ids is not None else {}


def device_of(model: nn.Module) -> torch.device:
    return next(model.parameters()).device
