"""What one model says of texts with tokens removed: whoever asks, it is asked once."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bcos_core.evaluate.case import Logits
from bcos_core.evaluate.forward import logits_of
from bcos_core.evaluate.removal import Removal
from bcos_core.model.text_model import TextModel
from bcos_core.text.encoding import Encoded

Question = tuple[Encoded, Collection[int]]
"""A text, and the positions of its tokens that are removed."""


class Answers:
    """The logits of texts without some of their tokens, remembered for as long as this lives: methods, curves and
    limits that remove the same tokens share one pass. `passes` counts what was run. Of a vocabulary the logits of some
    `outputs` alone are kept, in their order."""

    def __init__(self, model: TextModel, removal: Removal, *, outputs: Sequence[int] | None = None) -> None:
        self.model, self.removal, self.outputs, self.passes = model, removal, outputs, 0
        # By the text's ids, then by what is removed as bits: sets of positions would take ten times the memory.
        self._known: dict[tuple[tuple[int, ...], tuple[int, ...] | None], dict[int, Logits]] = {}

    def ask(self, questions: Sequence[Question]) -> list[Logits]:
        """The logits for each question, in their order; what is not known yet is run in one go."""
        places = [(self._of(text), bits_of(removed)) for text, removed in questions]
        new: dict[tuple[int, int], int] = {}  # the first of each question that is not known
        for number, (known, bits) in enumerate(places):
            if bits not in known:
                new.setdefault((id(known), bits), number)
        variants = [self.removal.apply(*questions[number], self.model.tokenizer) for number in new.values()]
        self.passes += len(dict.fromkeys(variants))
        found = logits_of(self.model, variants, outputs=self.outputs)
        for number, logits in zip(new.values(), found, strict=True):
            known, bits = places[number]
            known[bits] = logits
        return [known[bits] for known, bits in places]

    def _of(self, text: Encoded) -> dict[int, Logits]:
        return self._known.setdefault((text.ids, text.token_type_ids), {})


def bits_of(positions: Collection[int]) -> int:
    """A set of positions as one number."""
    return sum(1 << position for position in set(positions))
