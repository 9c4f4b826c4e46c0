"""How far a text is read when it is compared with what a record says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcos_core.attribution.record import Attribution

if TYPE_CHECKING:
    from bcos_core.model.classifier import Classifier


def limit_of(record: Attribution, classifier: Classifier) -> int:
    """The limit, in tokens, for a text beside the record's: both sides are read equally far.

    The record of a text that was cut is of what stands before the cut, so another text is cut there as well. One that
    was read to its end is the same under every limit that it fits in, the model's among them.
    """
    return classifier.max_length if record.truncated_at is None else min(len(record.tokens), classifier.max_length)
