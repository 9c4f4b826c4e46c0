"""Whether a model is the one that a record speaks of: by its weights, and by what it answers to the record's text.

The hash of the weights says nothing of the configuration beside them (the number of heads, an activation). The answer
depends on all of it, so it is asked for again whenever something is to be compared with what a record says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bcos_core.attribution.record import Attribution
from bcos_core.errors import InputError
from bcos_core.later import Later

if TYPE_CHECKING:
    from bcos_core.model.text_model import TextModel

# Imported when a model is there: those who only look at answers that were given stand on this module, too.
_family_of = Later("bcos_core.model.anatomy", "family_of")

# Of the largest logit: sums in another order, or on another device, differ by far less; another model, by far more.
TOLERANCE = 1e-3


def require_kind(record: Attribution, model: TextModel) -> None:
    """Refuse to ask a classifier for a next token, and a language model for a class.

    Raises:
        InputError: the record is of the other kind.
    """
    speaks = _family_of(model.model).speaks
    if speaks != (record.prompt is not None):
        kinds = ("a classifier", "a language model")
        raise InputError(
            f"The record is of {kinds[record.prompt is not None]}, and {model.name} is {kinds[speaks]}. Choose the "
            "model that made the record."
        )


def same_model(record: Attribution, model: TextModel, logits: Sequence[float]) -> bool:
    """Whether `model` made `record`; `logits` are what it answers to the record's text now, as far as the record keeps
    any."""
    if record.weights_hash != model.weights_hash or len(logits) != len(record.logits):
        return False
    size = max(map(abs, record.logits))
    return all(
        math.isclose(now, before, rel_tol=0.0, abs_tol=TOLERANCE * max(size, 1e-3))
        for now, before in zip(logits, record.logits, strict=True)
    )
