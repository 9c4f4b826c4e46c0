"""Conversion of a stock Hugging Face classifier or language model: modules are replaced on an instance, no modelling
code is forked."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn
from transformers import PreTrainedModel, activations
from transformers.pytorch_utils import Conv1D

from bcos_core.errors import UnsupportedModelError
from bcos_core.families import Family, is_within, linears_of, require_settings
from bcos_core.model.anatomy import blocks_of, family_of, lacking
from bcos_core.model.attention import ATTENTION
from bcos_core.model.heads import HEADS
from bcos_core.model.info import FORMAT_VERSION
from bcos_core.model.layers import BcosLinear, ConstantActivation, ConstantLinear, GatedActivation, Linear, Norm
from bcos_core.model.pooling import pool_by_mask

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


@dataclass(frozen=True)
class Conversion:
    """What is made of a model's parts. A pooler's tanh is left out; with `keep_tanh` it is a gate, tanh(x) / x."""

    b: float
    normalize_weights: bool = False
    keep_biases: bool = False
    keep_tanh: bool = False


def convert(
    model: PreTrainedModel,
    b: float = 1.5,
    *,
    normalize_weights: bool = False,
    keep_biases: bool = False,
    in_place: bool = False,
) -> PreTrainedModel:
    """The B-cos version of a pretrained classifier or language model (arXiv 2502.12992 §3): biases dropped, B-cos
    transforms in. The head of a language model stays a plain linear layer, and stays the word embeddings where it was
    tied to them.

    Its weights are those of `model`; call `calibrate` to refit them to the converted structure, then fine-tune.
    `model` itself stays as it is unless `in_place`. The result is an ordinary `PreTrainedModel` of the same
    class, with a `bcos` section in its config.

    Args:
        model: a sequence classifier or language model of a family in `bcos_core.families.FAMILIES`.
        b: the exponent B ≥ 1 of the B-cos transform.
        normalize_weights: normalise weight rows on every forward, as the authors do.
        keep_biases: keep the biases. Contributions then add up to the logit with the share of the biases, which
            belongs to no token.

    Raises:
        UnsupportedModelError: no conversion rule for the family or one of its parts, or converted already.
    """
    family = family_of(model)
    if is_bcos(model):
        raise UnsupportedModelError("This model is a B-cos model already. Convert the pretrained model it came from.")
    converted = model if in_place else copy.deepcopy(model)
    replace_modules(converted, family, Conversion(b, normalize_weights, keep_biases))
    converted.config.bcos = {
        "format_version": FORMAT_VERSION,
        "family": model.config.model_type,
        "b": b,
        "normalize_weights": normalize_weights,
        "keep_biases": keep_biases,
    }
    return pool_by_mask(converted)


def replace_modules(model: PreTrainedModel, family: Family, conversion: Conversion) -> None:
    """Put the dynamic-linear parts in, everywhere but in what makes E, which stays.

    Raises:
        UnsupportedModelError: a part or a setting without a rule; nothing has been changed then.
    """
    require_settings(family, model.config)
    _require_parts(model, family)
    keep_tanh = conversion.keep_tanh
    edited: dict[str, nn.Module] = {} if keep_tanh else {path: nn.Identity() for path in family.removed}
    edited |= {path: HEADS[kind](model.get_submodule(path), keep_tanh=keep_tanh) for path, kind in family.rebuilt}
    replacements = {
        path: replacement
        for path, module in _modules_after_e(model, family, edited)
        if (replacement := _replacement(path, module, family, conversion)) is not None
    }
    tied = is_tied(model, family)
    for path, module in (edited | replacements).items():  # edits first: replacements may lie inside them
        model.set_submodule(path, module)
    if tied:  # one parameter, which an optimizer sees once
        model.get_submodule(family.output).weight = model.get_input_embeddings().weight
    if not family.own_attention:
        model.set_attn_implementation(ATTENTION)


def is_tied(model: PreTrainedModel, family: Family) -> bool:
    """Whether the head of a language model is the parameter of its word embeddings."""
    if not family.speaks:
        return False
    return model.get_submodule(family.output).weight is model.get_input_embeddings().weight


def _require_parts(model: PreTrainedModel, family: Family) -> None:
    """Refuse a model in which a part that its family has is missing."""
    try:
        for block in blocks_of(model, family):
            for path in linears_of(family.steps):
                block.get_submodule(path)
        for path in (*linears_of(family.head), *family.removed):
            model.get_submodule(path)
    except AttributeError as error:
        raise lacking(model, family, error) from error


def _modules_after_e(
    model: PreTrainedModel, family: Family, edited: dict[str, nn.Module]
) -> Iterator[tuple[str, nn.Module]]:
    """Every module that E passes through, by path, with the edited ones in place of the original's."""
    for path, module in model.named_modules():
        if not family.is_kept(path) and not any(is_within(path, place) for place in edited):
            yield path, module
    for place, root in edited.items():
        for path, module in root.named_modules():
            yield f"{place}.{path}".rstrip("."), module


def _replacement(path: str, module: nn.Module, family: Family, conversion: Conversion) -> nn.Module | None:
    """The dynamic-linear part in place of a module; None where it has no part in the computation of its own, or is
    one as it is.

    Raises:
        UnsupportedModelError: it has no rule.
    """
    if family.step_of(path) is not None:
        return _linear(path, module, family, conversion)
    if family.is_norm(path):
        return norm_of(path, module, family, keep_bias=conversion.keep_biases)
    if next(module.parameters(recurse=False), None) is not None:
        raise UnsupportedModelError(
            f"{family.title} has no rule for {path!r} ({type(module).__name__}), which has weights. An adapter (LoRA) "
            "must be merged into its model first; a quantised or changed model cannot be converted."
        )
    if isinstance(module, nn.Identity) or not _is_activation(module):
        return None
    if family.gated and family.inside(path) is not None:
        return ConstantActivation(module)
    if isinstance(module, GATED_ACTIVATIONS):
        return GatedActivation(module)
    if conversion.keep_tanh and isinstance(module, nn.Tanh):
        return GatedActivation(module, gate_at_zero=1.0)
    if not isinstance(module, EXACT_ACTIVATIONS):
        known = ", ".join(sorted(kind.__name__ for kind in (*GATED_ACTIVATIONS, nn.ReLU)))
        raise UnsupportedModelError(
            f"The activation {type(module).__name__} has no known dynamic-linear form. Known: {known}."
        )
    return None


def _is_activation(module: nn.Module) -> bool:
    return type(module).__module__ in ("torch.nn.modules.activation", "transformers.activations")


def _linear(path: str, module: nn.Module, family: Family, conversion: Conversion) -> Linear:
    if not isinstance(module, nn.Linear | Conv1D):
        raise UnsupportedModelError(
            f"{path!r} of a {family.title} model should be a linear layer, and is a {type(module).__name__}. An "
            "adapter (LoRA) must be merged into its model first; a quantised model cannot be converted."
        )
    step = family.step_of(path)
    assert step is not None
    weight: Tensor = module.weight
    bias = module.bias if conversion.keep_biases or step.kind == "constant" else None
    transposed = isinstance(module, Conv1D)
    if step.kind == "bcos":
        normalize = conversion.normalize_weights
        return BcosLinear(weight, bias, b=conversion.b, normalize=normalize, transposed=transposed)
    kind = ConstantLinear if step.kind == "constant" else Linear
    return kind(weight, bias, transposed=transposed)


def norm_of(path: str, module: nn.Module, family: Family, *, keep_bias: bool) -> Norm | None:
    """The dynamic-linear form of a norm of a family; None of none at all.

    Raises:
        UnsupportedModelError: it is no norm as the family has them.
    """
    if isinstance(module, nn.Identity):  # a block that gets what is normed already has none
        return None
    weight = getattr(module, "weight", None)
    fits = isinstance(module, nn.LayerNorm) if family.centred else type(module).__name__.endswith("RMSNorm")
    if not fits or weight is None:
        raise UnsupportedModelError(
            f"{path!r} of a {family.title} model is a {type(module).__name__}"
            f"{' without a weight' if fits else ''}; expected {'LayerNorm' if family.centred else 'RMSNorm'}."
        )
    eps = getattr(module, "eps", None)
    eps = float(module.variance_epsilon if eps is None else eps)  # type: ignore[arg-type]
    bias = getattr(module, "bias", None) if keep_bias else None
    return Norm(weight, eps, bias, centred=family.centred, offset=family.offset)


def is_bcos(model: nn.Module) -> bool:
    return getattr(getattr(model, "config", None), "bcos", None) is not None


def set_b(model: PreTrainedModel, b: float) -> None:
    """Set the exponent B of every B-cos transform (the ramp does this during training)."""
    for module in model.modules():
        if isinstance(module, BcosLinear):
            module.b = b
    model.config.bcos["b"] = b
