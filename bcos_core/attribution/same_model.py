"""Whether a model is the one that a record speaks of: by its weights, and by what it answers to the record's text.

The hash of the weights says nothing of the configuration beside them (the number of heads, an activation). The answer
depends on all of it, so it is asked for again whenever something is to be compared with what a record says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bcos_core.attribution.record import Attribution

if TYPE_CHECKING:
    from bcos_core.model.classifier import Classifier

# Of the largest logit: sums in another order, or on another device, differ by far less; another model, by far more.
TOLERANCE = 1e-3


def same_model(record: Attribution, classifier: Classifier, logits: Sequence[float]) -> bool:
    """Whether `classifier` made `record`; `logits` are what it answers to the record's text now."""
    if record.weights_hash != classifier.weights_hash or len(logits) != len(record.logits):
        return False
    size = max(map(abs, record.logits))
    return all(
        math.isclose(now, before, rel_tol=0.0, abs_tol=TOLERANCE * max(size, 1e-3))
        for now, before in zip(logits, record.logits, strict=True)
    )
