"""How well an explanation finds what is known to decide: over words, the plant's own against all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bcos_core.attribution.aggregation import word_scores
from bcos_core.attribution.record import Attribution
from bcos_core.numbers import number, percent
from bcos_core.tasks.estimates import Estimate, bootstrap, proportion

TOP = 3


@dataclass(frozen=True)
class Measure:
    """What is asked of each explanation. A `share` is from 0 to 1 and reads as a percentage. `proportion`: each text is
    found or missed, so that the mean is the share of those found."""

    title: str
    description: str
    higher_is_better: bool = True
    share: bool = True
    proportion: bool = False

    def written(self, value: float) -> str:
        """A value for a person: "81.9 %", "2.31"."""
        return percent(value) if self.share else number(value)

    def estimate(self, values: Sequence[float]) -> Estimate:
        """The mean over texts with its 95 % interval."""
        if self.proportion and values:
            return proportion(sum(values) / len(values), len(values))
        return bootstrap(values)


MEASURES = {
    "top_3": Measure(
        "Planted words in the top 3",
        "Share of texts whose three highest words hold every planted word.",
        proportion=True,
    ),
    "precision": Measure(
        "Precision at k", "Of the k highest words, k the number of planted ones, how many are planted."
    ),
    "positive_share": Measure(
        "Share of the positive sum", "Share of the sum of all positive scores that lies on planted words."
    ),
    "rank": Measure(
        "Rank of the planted word", "Place of the highest planted word, 1 for the first.", False, share=False
    ),
}


def measure(record: Attribution, truth: Sequence[tuple[int, int]]) -> dict[str, float]:
    """Every measure of one explanation whose deciding words lie at the spans `truth`; none for failed scores.

    Equal scores rank in the order of the text, so that a method that says nothing finds nothing by luck.
    """
    if record.failed or not truth:
        return {}
    words = [word for word in word_scores(record) if word.read]
    planted = [any(start < word.end and word.start < end for start, end in truth) for word in words]
    if not any(planted):
        return {}  # it was cut off
    order = sorted(range(len(words)), key=lambda place: -words[place].score)
    hits = [planted[place] for place in order]
    size = sum(planted)
    positive = sum(max(0.0, word.score) for word in words)
    on_plant = sum(max(0.0, word.score) for word, is_plant in zip(words, planted, strict=True) if is_plant)
    return {
        "top_3": float(sum(hits[:TOP]) == size),
        "precision": sum(hits[:size]) / size,
        "positive_share": on_plant / positive if positive > 0 else 0.0,
        "rank": float(hits.index(True) + 1),
    }
