"""Sequence classifiers that transformers lacks, made of its own generic parts and known to its Auto class."""

from __future__ import annotations

from transformers import AutoModelForSequenceClassification, GraniteConfig
from transformers.modeling_layers import GenericForSequenceClassification
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING as CLASSIFIERS
from transformers.models.granite.modeling_granite import GranitePreTrainedModel

__all__ = ["CLASSIFIERS", "AutoModelForSequenceClassification", "GraniteForSequenceClassification"]


class GraniteForSequenceClassification(GenericForSequenceClassification, GranitePreTrainedModel):
    """Granite with a linear `score` on the last token, as its sister families have it."""


# Without exist_ok, a class for a configuration of transformers itself is passed over in silence.
AutoModelForSequenceClassification.register(GraniteConfig, GraniteForSequenceClassification, exist_ok=True)
