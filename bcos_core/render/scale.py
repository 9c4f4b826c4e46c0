"""What full colour means: the rule that turns scores into strengths from −1 to 1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bcos_core.numbers import number


@dataclass(frozen=True)
class Scale:
    """`limit` is the score shown at full colour; `rule` says in words where it comes from."""

    limit: float
    rule: str

    def strength(self, score: float) -> float:
        """`score` as a share of the limit, from −1 to 1."""
        return max(-1.0, min(1.0, score / self.limit)) if self.limit > 0 else 0.0

    @property
    def ends(self) -> tuple[str, str, str]:
        """The numbers at the left end, the middle and the right end of the legend."""
        return number(-self.limit, signed=True), "0", number(self.limit, signed=True)


def own_scale(scores: Iterable[float]) -> Scale:
    """A panel by itself: full colour is its largest absolute value."""
    return Scale(_largest(scores), "Own scale: full colour is the heatmap’s largest absolute value.")


def common_scale(panels: Iterable[Iterable[float]]) -> Scale:
    """All panels of additive methods together: full colour is the largest absolute value among them.

    Only additive methods share a unit (the logit), so only they can share a scale.
    """
    return Scale(
        max((_largest(scores) for scores in panels), default=0.0),
        "Absolute scale: a colour is the same contribution in every heatmap of an additive method.",
    )


def unshared_scale(scores: Iterable[float]) -> Scale:
    """A panel whose method has no unit in common with the others, while these share a scale."""
    return Scale(
        _largest(scores),
        "A method that is not additive has its own scale: full colour is the heatmap’s largest absolute value.",
    )


def _largest(scores: Iterable[float]) -> float:
    return max((abs(score) for score in scores), default=0.0)
