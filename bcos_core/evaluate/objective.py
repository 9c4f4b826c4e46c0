"""What a model was trained for, named beside each of its scores: a score that was an objective is no test of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bcos_core.evaluate.scores import Score

REMOVED_IN_TRAINING = "mask"
"""The removal that deletion consistency and masked texts train with."""


@dataclass(frozen=True)
class Objective:
    """What of a model's training bears upon scores, as its recipe has it; nothing is known of a model from elsewhere.

    `consistency`: weight of the deletion-consistency loss, by which the logit without random tokens is the logit minus
    their contributions; `ranked`: the share of its texts that lose what their contributions rank first; `masking`: the
    share of texts with random tokens masked.
    """

    known: bool
    consistency: float = 0.0
    ranked: float = 0.0
    masking: float = 0.0

    @classmethod
    def of(cls, recipe: Mapping[str, Any] | None) -> Objective:
        if recipe is None:
            return cls(known=False)
        names = {"consistency": "consistency", "ranked": "consistency_ranked", "masking": "masking"}
        return cls(known=True, **{name: float(recipe.get(option) or 0) for name, option in names.items()})

    @property
    def in_words(self) -> str:
        """ "its labels, deletion consistency (weight 1)"."""
        if not self.known:
            return "not known: it was not trained here"
        parts = ["its labels"]
        if self.consistency:
            ranked = f", {self.ranked:.0%} of the texts by rank" if self.ranked else ""
            parts.append(f"deletion consistency (weight {self.consistency:g}{ranked})")
        if self.masking:
            parts.append(f"{self.masking:.0%} of the texts with masked tokens")
        return ", ".join(parts)

    def bears_on(self, score: Score, removal: str) -> dict[str, bool]:
        """What of it a reader of this score must know, by the name that its protocol has for it:

        - `trained_towards`: training asked for what the score measures, by the same removal;
        - `trained_towards_loss`: the score is the training loss itself, of B-cos contributions;
        - `trained_towards_ranking`: tokens went in the order of their B-cos contributions, as the score has them go;
        - `trained_with_masked_texts`: texts as the score makes them were among those that were trained on;
        - `trained_towards_other_removal`: the same was asked for, but by another removal than the score's.
        """
        same, towards = removal == REMOVED_IN_TRAINING, score.removes and self.consistency > 0
        return {
            "trained_towards": towards and same,
            "trained_towards_loss": towards and same and score.is_consistency,
            "trained_towards_ranking": towards and same and self.ranked > 0,
            "trained_with_masked_texts": score.removes and same and self.masking > 0,
            "trained_towards_other_removal": towards and not same,
        }


SENTENCES = {
    "trained_towards": "This model was trained towards this removal.",
    "trained_towards_loss": "Of B-cos contributions this is what its training made small.",
    "trained_towards_ranking": "Its training removed what B-cos contributions rank first.",
    "trained_with_masked_texts": "This model was trained with masked texts.",
    "trained_towards_other_removal": "This model was trained towards another removal, by the mask token.",
}
NOTES = {
    "trained_towards": "trained towards this removal",
    "trained_towards_loss": "this is the training loss of B-cos contributions",
    "trained_towards_ranking": "trained towards the ranking of B-cos contributions",
    "trained_with_masked_texts": "trained with masked texts",
    "trained_towards_other_removal": "trained towards another removal",
}
"""The same in a table."""
