"""Paired comparison: which of two heatmaps of the same text explains the answer better."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from bcos_core.study.finding import Finding
from bcos_core.study.plan import PAIR
from bcos_core.study.protocol import READ_COLOURS, Protocol
from bcos_core.study.question import Question
from bcos_core.study.statistics.variation import Variation
from bcos_core.study.taste import Taste

if TYPE_CHECKING:
    import pandas as pd

    from bcos_core.study.analysis import Analysis
    from bcos_core.study.locked import LockedStudy


def _not_the_random_one(question: Question, side: str) -> tuple[int | str, ...]:
    return tuple(choice for choice in question.choices or () if choice != side)


def _analyse(table: pd.DataFrame, locked: LockedStudy) -> list[Analysis]:
    import pandas as pd

    from bcos_core.study.analysis import Analysis
    from bcos_core.study.statistics.agreement import agreement
    from bcos_core.study.statistics.pairs import bradley_terry

    (question,) = locked.design.questions
    sides = pd.DataFrame([str(pair).split(PAIR) for pair in table["condition"]], index=table.index, columns=[0, 1])
    outcome = table.get(question.name, pd.Series(dtype=object)).map(
        {"left": "first", "right": "second", "none": "none"}
    )
    pairs = table[["rater", "item"]].assign(first=sides[0], second=sides[1], outcome=outcome).dropna()
    # Which condition was preferred, whichever side it stood on, so that raters of the same pair can agree.
    preferred = pairs["first"].where(pairs["outcome"] == "first", pairs["second"]).where(pairs["outcome"] != "none", "")
    codes, names = pd.factorize(preferred, sort=True)
    values = pairs[["rater", "item"]].assign(
        condition=[PAIR.join(sorted(pair)) for pair in zip(pairs["first"], pairs["second"], strict=True)],
        value=codes.astype(float),
    )
    scale = {float(code): str(name) or "no preference" for code, name in enumerate(names)}
    return [Analysis(question.prompt, (bradley_terry(pairs), agreement(values, level="nominal")), values, scale)]


class PairedTaste(Taste):
    """Davidson's model (1970) with log worths λ(condition) = shift(condition): left, right or neither are chosen with
    weights e^λ(left), e^λ(right), ν e^((λ(left) + λ(right)) / 2), by every rater about every item alike."""

    usual = 1.0
    meaning = (
        "the log odds with which the last condition is preferred to the first by those who prefer one: its log worth "
        "on the Bradley–Terry scale minus that of the first"
    )
    NO_PREFERENCE: ClassVar[float] = 0.5
    """ν: of two equally good ones, 0.5 / 2.5 = 20 % prefer none."""

    @property
    def widest(self) -> float:
        return 6.0  # 99.8 %: more could not be told from certainty

    def opinion(self, arrival: int, item: str, cell: str) -> dict[str, Any]:
        left, right = (self.shift(condition) for condition in cell.split(PAIR))
        weights = (math.exp(left), math.exp(right), self.NO_PREFERENCE * math.exp((left + right) / 2))
        (question,) = self.material.questions
        return {question: self.chance(arrival, item, cell).choices(("left", "right", "none"), weights)[0]}


PROTOCOL = Protocol(
    name="paired",
    title="Paired comparison",
    description="Which of two heatmaps of the same text explains the answer better.",
    instructions=READ_COLOURS + "You see the same text twice, with two different explanations. Choose the one that "
    "explains the model's answer better, or neither if they are as good as each other.",
    questions=(
        Question(
            "preference",
            "Which one explains the model's answer better?",
            "choice",
            choices={"left": "Left", "none": "No preference", "right": "Right"},
        ),
    ),
    heatmaps=2,
    random_check=_not_the_random_one,
    procedure="chose the better of two explanations of the same text, or neither",
    analyse=_analyse,
    finding=Finding(
        "Of those who preferred one, raters chose {one} {size} as often as {other}",
        "Of those who preferred one, raters chose {other} {size} as often as {one}",
        "times",
        between="the first was chosen anything from {low} to {high} as often",
        odds=True,
    ),
    variation=Variation("share preferring one minus share preferring the other", 0.9, 0.3, 0.3),
    taste=PairedTaste,
)
