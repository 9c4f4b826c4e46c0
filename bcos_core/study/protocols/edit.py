"""Edit to flip: change as few words as possible until the model answers otherwise, with and without a heatmap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from bcos_core.study.answer_form import AnswerForm, Choice, FreeText, Number
from bcos_core.study.finding import Finding
from bcos_core.study.protocol import READ_COLOURS, Protocol
from bcos_core.study.question import Question
from bcos_core.study.statistics.variation import Variation
from bcos_core.study.taste import ShareTaste

if TYPE_CHECKING:
    import pandas as pd

    from bcos_core.study.analysis import Analysis
    from bcos_core.study.locked import LockedStudy


def _form(locked: LockedStudy) -> AnswerForm:
    """An edited text, and beside it what came of it."""
    from bcos_core.study.edits import longest_edit

    (question,) = locked.design.questions
    longest = max(longest_edit(item.text) for item in locked.items)
    return AnswerForm(
        (
            FreeText(question.name, required=True, longest=longest),
            Choice("flipped", (True, False)),
            Number("edits", 0, longest),
            Number("change", -1, 1),  # of the probability of the answer to the text as it was
            Number("tries", 0, locked.design.tries),
        )
    )


def _analyse(table: pd.DataFrame, locked: LockedStudy) -> list[Analysis]:
    import pandas as pd

    from bcos_core.study.analysis import Analysis, binary, one_each
    from bcos_core.study.statistics.means import condition_differences, condition_means

    if "flipped" not in table:
        table = table.assign(
            flipped=pd.Series(dtype=float), edits=pd.Series(dtype=float), change=pd.Series(dtype=float)
        )
    done = table.dropna(subset=["flipped"])
    flipped = one_each(done, done["flipped"].astype(float))
    edits, change = (one_each(done, done[name].astype(float)) for name in ("edits", "change"))
    return [
        binary("Answers that were flipped", flipped),
        Analysis("Words that were changed", (condition_means(edits), condition_differences(edits)), edits),
        Analysis("Fall of the answer’s probability", (condition_means(change), condition_differences(change)), change),
    ]


class EditTaste(ShareTaste):
    """The model's answer is flipped with the chance of the condition, by 1 to `MOST_WORDS` words that are added to the
    text, as often each. No model is asked: where the answer flips, the probability of the first one falls to anything
    below a half, elsewhere to anything that can still be the largest of all that it may answer."""

    meaning = "the share of flipped answers under the last condition, minus that under the first"
    middle = 0.5
    MOST_WORDS: ClassVar[int] = 4
    WORD: ClassVar[str] = "simulated"

    def opinion(self, arrival: int, item: str, cell: str) -> dict[str, Any]:
        known = self.material.items[item]
        _, probability = known.predictions[cell]
        chance = self.chance(arrival, item, cell)
        flipped = self.is_done(chance, self.share(cell), arrival, item)
        words = chance.randint(1, min(self.MOST_WORDS, len(known.text)))
        least, most = (0.0, 0.5) if flipped else (1 / max(2, len(self.material.guesses)), 1.0)
        after = chance.uniform(min(least, probability), min(most, probability))
        (question,) = self.material.questions
        return {
            question: f"{known.text} {' '.join([self.WORD] * words)}",
            "flipped": flipped,
            "edits": words,
            "change": probability - after,
            "tries": chance.randint(1, self.material.tries) if flipped else self.material.tries,
        }


PROTOCOL = Protocol(
    name="edit",
    title="Edit to flip",
    description="Change as few words as possible until the model answers otherwise, with and without a heatmap.",
    instructions=READ_COLOURS + "Change the text, with as few words as you can, so that the model gives another "
    "answer. You see at once what it says to your text, and have a limited number of tries.",
    questions=(Question("edit", "Change as few words as you can so that the model answers otherwise.", "edit"),),
    without_heatmap=True,
    instructed_checks=False,
    needs_discrete="a number changes with every word, and has no point at which it flips.",
    form=_form,
    measured={
        "flipped": "whether the model answered otherwise",
        "edits": "words inserted, deleted or replaced",
        "change": "how far the probability of the first answer fell",
        "tries": "how often the model was asked",
    },
    procedure="changed as few words as they could so that the model answered otherwise",
    analyse=_analyse,
    finding=Finding(
        "With {one}, raters changed the model's answer {size} more often than with {other}",
        "With {one}, raters changed the model's answer {size} less often than with {other}",
        "percentage points",
        words=("less", "more"),
        factor=100,
    ),
    variation=Variation("flip rate (1 = all)", 0.5, 0.1, 0.1),
    taste=EditTaste,
)
