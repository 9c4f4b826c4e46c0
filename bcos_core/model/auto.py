"""The classes that models are of: transformers' own, and sequence classifiers that it lacks, made of its generic parts
and known to its Auto class."""

from __future__ import annotations

from typing import Any

from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, GraniteConfig, PretrainedConfig
from transformers.modeling_layers import GenericForSequenceClassification
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING as LANGUAGE_MODELS
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING as CLASSIFIERS
from transformers.models.granite.modeling_granite import GranitePreTrainedModel

from bcos_core.families import Family

__all__ = ["AutoModelForSequenceClassification", "GraniteForSequenceClassification", "auto_class", "class_of"]


def class_of(config: PretrainedConfig, family: Family) -> Any:
    """transformers' class of a classifier, or language model, with that config."""
    return (LANGUAGE_MODELS if family.speaks else CLASSIFIERS)[type(config)]


def auto_class(family: Family) -> Any:
    """The Auto class of a family's classifiers, or language models."""
    return AutoModelForCausalLM if family.speaks else AutoModelForSequenceClassification


class GraniteForSequenceClassification(GenericForSequenceClassification, GranitePreTrainedModel):
    """Granite with a linear `score` on the last token, as its sister families have it."""


# Without exist_ok, a class for a configuration of transformers itself is passed over in silence.
AutoModelForSequenceClassification.register(GraniteConfig, GraniteForSequenceClassification, exist_ok=True)
