"""Best–worst scaling: which of several heatmaps of the same text explains the answer best, and which worst."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

from bcos_core.study.finding import POINTS
from bcos_core.study.plan import PAIR
from bcos_core.study.protocol import LETTERS, READ_COLOURS, Protocol, picks_of_each
from bcos_core.study.question import Question
from bcos_core.study.statistics.variation import Variation
from bcos_core.study.taste import Taste

if TYPE_CHECKING:
    import pandas as pd

    from bcos_core.study.analysis import Analysis
    from bcos_core.study.locked import LockedStudy

_LETTERS = {letter: letter for letter in LETTERS}


def _not_praised(question: Question, side: str) -> tuple[int | str, ...]:
    """A heatmap of random scores may be picked as worst, and must not be as best."""
    return tuple(choice for choice in question.choices or () if question.name != "best" or choice != side)


def _analyse(table: pd.DataFrame, locked: LockedStudy) -> list[Analysis]:
    from bcos_core.study.analysis import Analysis
    from bcos_core.study.statistics.agreement import agreement
    from bcos_core.study.statistics.best_worst import COUNTED, best_worst_logit, counting_scores
    from bcos_core.study.statistics.means import condition_differences, condition_means

    names = {condition.id: condition.title for condition in locked.design.conditions}
    picked = table.reindex(columns=["rater", "item", "cell", "best", "worst"]).dropna()
    shown = [tuple(names[id] for id in str(cell).split(PAIR)) for cell in picked["cell"]]
    sets = picked[["rater", "item"]].assign(
        shown=shown,
        best=[one[LETTERS.index(letter)] for one, letter in zip(shown, picked["best"], strict=True)],
        worst=[one[LETTERS.index(letter)] for one, letter in zip(shown, picked["worst"], strict=True)],
    )
    values = counting_scores(sets)
    counted = [
        replace(one, assumes=COUNTED + one.assumes) for one in (condition_means(values), condition_differences(values))
    ]
    return [
        Analysis(
            "Best–worst score",
            (*counted, best_worst_logit(sets), agreement(values)),
            values,
            scale={-1.0: "worst", 0.0: "neither", 1.0: "best"},
        )
    ]


class BestWorstTaste(Taste):
    """The maxdiff model with log worths λ(condition) = shift(condition): i as best and j as worst are picked with
    weights e^(λ(i) − λ(j)), by every rater about every item alike."""

    usual = 1.0
    meaning = "the log worth of the last condition in the best–worst logit, minus that of the first"
    distinct = True

    @property
    def widest(self) -> float:
        return 6.0  # more could not be told from certainty

    def opinion(self, arrival: int, item: str, cell: str) -> dict[str, Any]:
        worths = [self.shift(condition) for condition in cell.split(PAIR)]
        picks = list(permutations(range(len(worths)), 2))
        weights = [math.exp(worths[best] - worths[worst]) for best, worst in picks]
        best, worst = self.chance(arrival, item, cell).choices(picks, weights)[0]
        return {"best": LETTERS[best], "worst": LETTERS[worst]}


PROTOCOL = Protocol(
    name="best_worst",
    title="Best–worst scaling",
    description="Of three or four heatmaps of the same text, which explains the answer best, and which worst.",
    instructions=READ_COLOURS + "You see the same text several times, each time with another explanation. Choose the "
    "one that explains the model's answer best, and the one that explains it worst.",
    questions=(
        Question("best", "Which one explains the model's answer best?", "choice", choices=_LETTERS),
        Question("worst", "And which one explains it worst?", "choice", choices=_LETTERS),
    ),
    form=picks_of_each,
    heatmaps=len(LETTERS),
    picks=True,
    least_conditions=3,
    random_check=_not_praised,
    procedure="chose the best and the worst of several explanations of the same text",
    analyse=_analyse,
    finding=replace(POINTS, unit="points of the best–worst score (−1 to 1)"),
    variation=Variation("best–worst score, −1 to 1", 0.8, 0.15, 0.15),
    taste=BestWorstTaste,
)
