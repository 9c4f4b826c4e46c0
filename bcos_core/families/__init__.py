"""Model families, one file each; adding one is writing its file and naming it here.

Nothing here imports PyTorch: what a folder holds is known without loading it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bcos_core.errors import UnsupportedModelError
from bcos_core.families.albert import ALBERT
from bcos_core.families.bert import BERT
from bcos_core.families.deberta import DEBERTA
from bcos_core.families.distilbert import DISTILBERT
from bcos_core.families.electra import ELECTRA
from bcos_core.families.family import BLOCK_OUTPUT, LANGUAGE_HEAD, Family, Requires, Step, is_within, linears_of
from bcos_core.families.gemma import GEMMA, GEMMA3
from bcos_core.families.gpt2 import GPT2
from bcos_core.families.gpt_neox import GPT_NEOX
from bcos_core.families.granite import GRANITE
from bcos_core.families.llama import LLAMA, MISTRAL, QWEN2, QWEN3, SMOLLM3
from bcos_core.families.modernbert import MODERNBERT
from bcos_core.families.mpnet import MPNET
from bcos_core.families.olmo2 import OLMO2
from bcos_core.families.opt import OPT
from bcos_core.families.phi3 import PHI3
from bcos_core.families.refused import REFUSED
from bcos_core.families.roberta import ROBERTA
from bcos_core.families.starcoder2 import STARCODER2
from bcos_core.registry import Registry

__all__ = [
    "BLOCK_OUTPUT",
    "FAMILIES",
    "LANGUAGE_HEAD",
    "Family",
    "Requires",
    "Step",
    "family_named",
    "is_within",
    "linears_of",
    "require_settings",
]

ENCODERS = (BERT, ROBERTA, DISTILBERT, ELECTRA, ALBERT, MPNET, MODERNBERT, DEBERTA)
DECODERS = (GPT2, LLAMA, MISTRAL, QWEN2, QWEN3, GEMMA, GEMMA3, PHI3, SMOLLM3, OLMO2, GRANITE, GPT_NEOX, OPT, STARCODER2)

VARYING_ROPE = ("dynamic", "longrope")

FAMILIES: Registry[Family] = Registry("model family")
for _family in (*ENCODERS, *DECODERS):
    FAMILIES.register(_family.name, _family)


def family_named(model_type: str) -> Family:
    """The family of a `config.model_type`.

    Raises:
        UnsupportedModelError: there is none; the message says why, or lists those there are.
    """
    for family in FAMILIES.values():
        if model_type in family.model_types:
            return family
    supported = ", ".join(family.title for family in FAMILIES.values())
    why = f": {REFUSED[model_type]}" if model_type in REFUSED else " yet"
    raise UnsupportedModelError(f"Models of type {model_type!r} cannot be converted{why}. Supported: {supported}.")


def _rope_types(parameters: Any) -> Iterator[str]:
    """The kinds of rotary positions in a configuration, which some families have by kind of layer."""
    if isinstance(parameters, dict):
        if "rope_type" in parameters:
            yield str(parameters["rope_type"])
        for inner in parameters.values():
            yield from _rope_types(inner)


def require_settings(family: Family, config: Any) -> None:
    """Refuse a configuration (any object with the settings as attributes) that a family has no rule for.

    Raises:
        UnsupportedModelError: names the setting, its value, the values that would do, and the reason.
    """
    for kind in _rope_types(getattr(config, "rope_parameters", None)):
        if kind in VARYING_ROPE:
            raise UnsupportedModelError(
                f"A {family.title} model with rope_type {kind!r} is refused: its rotary positions depend on the "
                "longest text of a batch, so that a text alone would get another answer. Use another model."
            )
    for needed in family.requires:
        value = getattr(config, needed.setting, needed.values[0])
        if value not in needed.values:
            expected = " or ".join(repr(one) for one in needed.values)
            raise UnsupportedModelError(
                f"A {family.title} model with {needed.setting} {value!r} is refused: {needed.reason}. "
                f"Expected {expected}; use another model."
            )
