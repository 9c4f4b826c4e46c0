"""Error spotting: whether an explanation helps to know when the model is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bcos_core.study.finding import Finding
from bcos_core.study.protocol import READ_COLOURS, Practised, Protocol, no_answer_is_wrong
from bcos_core.study.question import Question
from bcos_core.study.statistics.variation import Variation
from bcos_core.study.taste import ShareTaste

if TYPE_CHECKING:
    import pandas as pd

    from bcos_core.study.analysis import Analysis
    from bcos_core.study.locked import LockedStudy


def _feedback(shown: Practised) -> str:
    if shown.right is None:
        return no_answer_is_wrong(shown)
    verdict = "right" if shown.right else "wrong"
    return f"It is {verdict}: the text is labelled “{shown.label}”."


def _analyse(table: pd.DataFrame, locked: LockedStudy) -> list[Analysis]:
    """Verdicts on texts that have a label; on others none is right or wrong."""
    import pandas as pd

    from bcos_core.study.analysis import binary, one_each

    truth = {
        (item.id, cell): right
        for item in locked.of_kind("item")
        for cell in locked.design.cells
        if (right := item.is_right(cell)) is not None
    }
    known = [(str(row.item), str(row.cell)) in truth for row in table.itertuples()]
    judged = table[pd.Series(known, index=table.index, dtype=bool)].dropna(subset=["right"]) if len(table) else table
    correct = [float((row.right == "yes") == truth[(str(row.item), str(row.cell))]) for row in judged.itertuples()]
    return [binary("Right verdicts on the model’s answer", one_each(judged, correct))]


class TrustTaste(ShareTaste):
    """The verdict on the model's answer is right with the chance of the condition; of a text without a label, for
    which no verdict is right or wrong, it is “yes” in half of the cases."""

    meaning = "the share of right verdicts under the last condition, minus that under the first"
    middle = 0.65

    def opinion(self, arrival: int, item: str, cell: str) -> dict[str, Any]:
        known = self.material.items[item]
        chance = self.chance(arrival, item, cell)
        (question,) = self.material.questions
        if cell not in known.right:
            return {question: chance.choice(("yes", "no"))}
        correct = known.right[cell]
        right = self.is_done(chance, self.share(cell), arrival, item)
        return {question: "yes" if right == correct else "no"}


PROTOCOL = Protocol(
    name="trust",
    title="Error spotting",
    description="Is the model right here? Whether an explanation helps to know when to trust it.",
    instructions=READ_COLOURS + "The model is sometimes wrong. Decide for each text whether its answer is right.",
    questions=(
        Question(
            "right",
            "Is the model's answer right?",
            "choice",
            choices={"yes": "It is right", "no": "It is wrong"},
        ),
    ),
    without_heatmap=True,
    needs_discrete="a number is nearer or further, not right or wrong.",
    feedback=_feedback,
    procedure="judged whether the model's answer was right",
    analyse=_analyse,
    finding=Finding(
        "With {one}, raters were right about the model {size} more often than with {other}",
        "With {one}, raters were right about the model {size} less often than with {other}",
        "percentage points",
        words=("less", "more"),
        factor=100,
    ),
    variation=Variation("share of right verdicts (1 = all)", 0.5, 0.1, 0.1),
    taste=TrustTaste,
)
