"""Conversion of a stock Hugging Face classifier: modules are replaced on an instance, no modelling code is forked."""

from __future__ import annotations

import copy

from torch import nn
from transformers import PreTrainedModel, activations

from bcos_core.errors import UnsupportedModelError
from bcos_core.model.attention import ATTENTION
from bcos_core.model.families import Family, ends_with, family_of, is_within
from bcos_core.model.info import FORMAT_VERSION
from bcos_core.model.layers import BcosLinear, BiasFreeLayerNorm, GatedActivation

# x · g(x) with g(0) = ½; everything else needs a rule of its own.
GATED_ACTIVATIONS = (
    nn.GELU,
    nn.SiLU,
    activations.GELUActivation,
    activations.GELUTanh,
    activations.NewGELUActivation,
    activations.FastGELUActivation,
    activations.QuickGELUActivation,
    activations.AccurateGELUActivation,
    activations.SiLUActivation,
)
# Piecewise linear: its gradient is its matrix already.
EXACT_ACTIVATIONS = (nn.ReLU, nn.Identity, activations.LinearActivation)


def convert(
    model: PreTrainedModel, b: float = 1.5, *, normalize_weights: bool = False, in_place: bool = False
) -> PreTrainedModel:
    """The B-cos version of a pretrained classifier (arXiv 2502.12992 §3): biases dropped, B-cos transforms in.

    Its weights are those of `model`; call `calibrate` to refit them to the converted structure, then fine-tune.
    `model` itself stays as it is unless `in_place`. The result is an ordinary `PreTrainedModel` of the same
    class, with a `bcos` section in its config.

    Args:
        model: BERT, DistilBERT or RoBERTa for sequence classification.
        b: the exponent B ≥ 1 of the B-cos transform.
        normalize_weights: normalise weight rows on every forward, as the authors do.

    Raises:
        UnsupportedModelError: no conversion rule for the family or one of its parts, or converted already.
    """
    family = family_of(model)
    if is_bcos(model):
        raise UnsupportedModelError("This model is a B-cos model already. Convert the pretrained model it came from.")
    converted = model if in_place else copy.deepcopy(model)
    replace_modules(converted, family, b=b, normalize_weights=normalize_weights)
    converted.config.bcos = {
        "format_version": FORMAT_VERSION,
        "family": family.model_type,
        "b": b,
        "normalize_weights": normalize_weights,
    }
    return converted


def replace_modules(model: PreTrainedModel, family: Family, *, b: float, normalize_weights: bool) -> None:
    """Put the dynamic-linear parts in, everywhere but in the embedding module, which makes E and stays.

    Raises:
        UnsupportedModelError: a part without a rule; nothing has been changed then.
    """
    try:
        edited = {path: edit(model.get_submodule(path)) for path, edit in family.edits.items()}
        model.get_submodule(family.embedding)
    except AttributeError as error:
        raise UnsupportedModelError(
            f"{type(model).__name__} lacks a part of a {family.title} sequence classifier ({error})."
        ) from error
    replacements: dict[str, nn.Module] = {}
    for path, module in model.named_modules():
        if is_within(path, family.embedding) or path in family.edits:
            continue
        replacement = _replacement(path, module, family, b=b, normalize_weights=normalize_weights)
        if replacement is not None:
            replacements[path] = replacement
    for path, module in (edited | replacements).items():  # edits first: replacements may lie inside them
        model.set_submodule(path, module)
    model.set_attn_implementation(ATTENTION)


def _replacement(
    path: str, module: nn.Module, family: Family, *, b: float, normalize_weights: bool
) -> nn.Module | None:
    if isinstance(module, nn.Linear):
        if ends_with(path, family.bcos):
            return BcosLinear(module.weight, b=b, normalize=normalize_weights)
        if ends_with(path, family.linear):
            return _bias_free(module)
        raise UnsupportedModelError(f"{family.title} has no rule for the linear layer {path!r}.")
    if isinstance(module, nn.LayerNorm):
        return BiasFreeLayerNorm(module.weight, module.eps)
    if isinstance(module, GATED_ACTIVATIONS):
        return GatedActivation(module)
    is_activation = type(module).__module__ in ("torch.nn.modules.activation", "transformers.activations")
    if is_activation and not isinstance(module, EXACT_ACTIVATIONS):
        known = ", ".join(sorted(kind.__name__ for kind in (*GATED_ACTIVATIONS, nn.ReLU)))
        raise UnsupportedModelError(
            f"The activation {type(module).__name__} has no known dynamic-linear form. Known: {known}."
        )
    return None


def _bias_free(linear: nn.Linear) -> nn.Linear:
    plain = nn.Linear(linear.in_features, linear.out_features, bias=False, device="meta")
    plain.weight = nn.Parameter(linear.weight.detach().clone())
    return plain


def is_bcos(model: nn.Module) -> bool:
    return getattr(getattr(model, "config", None), "bcos", None) is not None


def set_b(model: PreTrainedModel, b: float) -> None:
    """Set the exponent B of every B-cos transform (the ramp does this during training)."""
    for module in model.modules():
        if isinstance(module, BcosLinear):
            module.b = b
    model.config.bcos["b"] = b
