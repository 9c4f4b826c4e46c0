"""Forward simulation: how much a heatmap helps to guess the model's answer (Doshi-Velez & Kim, 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from bcos_core.study.finding import Finding
from bcos_core.study.protocol import GUESS_COLOURS, Practised, Protocol
from bcos_core.study.question import Question
from bcos_core.study.statistics.variation import Variation
from bcos_core.study.taste import ShareTaste

if TYPE_CHECKING:
    import pandas as pd

    from bcos_core.study.analysis import Analysis
    from bcos_core.study.locked import LockedStudy


def _feedback(shown: Practised) -> str:
    return "Guess what the model says, whether it is right or not."


def _analyse(table: pd.DataFrame, locked: LockedStudy) -> list[Analysis]:
    import pandas as pd

    from bcos_core.study.analysis import Analysis, one_each
    from bcos_core.study.statistics.agreement import agreement
    from bcos_core.study.statistics.gain import simulation_gain
    from bcos_core.study.statistics.mixed import binary_mixed_model

    said = [locked.item(item).said(cell).guess for item, cell in zip(table["item"], table["cell"], strict=True)]
    guesses = table.reindex(columns=["rater", "item", "condition", "before", "after"])
    kept = guesses[["before", "after"]].notna().all(axis=1)
    right = guesses[["before", "after"]].eq(pd.Series(said, index=table.index, dtype=object), axis=0).astype(float)
    gains = guesses.assign(before=right["before"], after=right["after"])[kept]
    after = one_each(gains, gains["after"])
    return [
        Analysis(
            "Guessing the model’s answer, before and after the heatmap",
            (simulation_gain(gains), binary_mixed_model(after), agreement(after, level="nominal")),
            one_each(gains, gains["after"] - gains["before"]),
            scale={-1.0: "right, then wrong", 0.0: "no change", 1.0: "wrong, then right"},
        )
    ]


class SimulationTaste(ShareTaste):
    """The model's answer is guessed right with the chance `BEFORE` from the text alone, whatever the condition, and
    then with that of the condition; wrong guesses are anything else that it may answer."""

    meaning = "the share of right guesses after the heatmap under the last condition, minus that under the first"
    middle = 0.65
    BEFORE: ClassVar[float] = 0.5

    def opinion(self, arrival: int, item: str, cell: str) -> dict[str, Any]:
        right, _ = self.material.items[item].predictions[cell]
        wrong = [one for one in self.material.guesses if one != right]
        chance = self.chance(arrival, item, cell)
        shares = {"before": self.BEFORE, "after": self.share(cell)}
        hits = {name: self.is_done(chance, shares[name], arrival, item) for name in self.material.questions}
        return {name: right if hit or not wrong else chance.choice(wrong) for name, hit in hits.items()}


PROTOCOL = Protocol(
    name="simulation",
    title="Forward simulation",
    description="Guess the model's answer from the text, without and then with the heatmap: how much does it help?",
    instructions=GUESS_COLOURS + "The model makes mistakes: guess what it said, not what would be right.",
    questions=(
        Question("before", "What did the model answer? Guess from the text alone.", "class", before=True),
        Question("after", "And now, with the highlighted words?", "class"),
    ),
    shows_prediction=False,
    names_class=False,
    without_heatmap=True,
    needs_discrete="nobody can guess a number out of all numbers.",
    feedback=_feedback,
    procedure="guessed the model's answer from the text alone, and again with the explanation",
    analyse=_analyse,
    finding=Finding(
        "With {one}, right guesses rose by {size} more than with {other}",
        "With {one}, right guesses rose by {size} less than with {other}",
        "percentage points",
        words=("less", "more"),
        factor=100,
    ),
    variation=Variation("accuracy gain (1 = all)", 0.6, 0.1, 0.1),
    taste=SimulationTaste,
)
