"""A model without its weights: whether this program can use what a config.json describes, and the shapes of its
parameters. Nothing is allocated, whatever numbers the file has in it."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoConfig, PretrainedConfig, PreTrainedModel

from bcos_core.errors import BcosError, CheckpointError, UnsupportedModelError
from bcos_core.families import Family, family_named, require_settings
from bcos_core.model.auto import auto_class
from bcos_core.model.convert import Conversion, is_tied, replace_modules
from bcos_core.model.info import ADVICE, ModelConfig
from bcos_core.model.quiet import transformers_in_turn

# How a model is called, which is not what it computes: tuples instead of names, more outputs, layers in pieces.
CALLED_WITH = {
    "return_dict": True,
    "output_attentions": False,
    "output_hidden_states": False,
    "chunk_size_feed_forward": 0,
}


def transformers_config(folder: Path, known: ModelConfig, *, classes: int | None = None) -> PretrainedConfig:
    """The config of a model as transformers reads it, of a classifier with `classes` classes; `known` is what was read
    before it.

    Raises:
        CheckpointError: numbers that make no model.
        UnsupportedModelError: a family or a kind of model that is not supported.
    """
    family = family_named(known.model_type)
    if known.is_decoder or known.add_cross_attention:
        raise UnsupportedModelError(
            f"{folder.name} is an encoder that was set up as a decoder (is_decoder, add_cross_attention). "
            "Use a model of the plain architecture."
        )
    if known.position_embedding_type not in (None, "absolute"):  # transformers would leave them out and say nothing
        raise UnsupportedModelError(
            f"{folder.name} has the position_embedding_type {known.position_embedding_type!r}; expected 'absolute'. "
            "Relative positions are not supported: use another model."
        )
    try:
        with transformers_in_turn():
            config = AutoConfig.from_pretrained(folder)
            if classes is not None and config.num_labels != classes:
                config.num_labels = classes
            for setting, needed in CALLED_WITH.items():
                setattr(config, setting, needed)
            require_settings(family, config)
            return config
    except BcosError:
        raise
    except Exception as error:  # whatever transformers meets in a foreign file
        raise _unusable(folder.name, error) from error


def skeleton(
    config: PretrainedConfig, family: Family, *, name: str, conversion: Conversion | None = None
) -> PreTrainedModel:
    """The classifier, or language model, that a config describes, converted where that is said, on the device `meta`;
    `name` is what to call it.

    Raises:
        CheckpointError: numbers that make no model.
        UnsupportedModelError: a part without a rule.
    """
    try:
        with transformers_in_turn(), torch.device("meta"):
            model: PreTrainedModel = auto_class(family).from_config(config)
            if conversion is not None:
                replace_modules(model, family, conversion)
            return model
    except BcosError:
        raise
    except Exception as error:  # whatever a layer thinks of the numbers
        raise _unusable(name, error) from error


def expected_shapes(
    config: PretrainedConfig, family: Family, *, name: str, conversion: Conversion | None = None
) -> dict[str, tuple[int, ...]]:
    """The shapes of all parameters, by name, of that model; a head that is the word embeddings is not among them.

    Raises:
        CheckpointError, UnsupportedModelError: as `skeleton` does.
    """
    model = skeleton(config, family, name=name, conversion=conversion)
    tied = f"{family.output}.weight" if is_tied(model, family) else None
    return {key: tuple(tensor.shape) for key, tensor in model.state_dict().items() if key != tied}


def _unusable(name: str, error: Exception) -> CheckpointError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return CheckpointError(f"The config.json of {name} describes no model ({' '.join(lines)[:300]}). {ADVICE}")
