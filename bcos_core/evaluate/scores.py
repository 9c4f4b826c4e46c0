"""The scores and what they declare. Tables read the declaration; they never know a score by name.

What a score is can be read without SciPy and scikit-learn: they are imported when a text is scored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from bcos_core.evaluate.case import TENTHS, Case, Curves, Logits
from bcos_core.evaluate.plausibility import auprc, token_f1, token_iou
from bcos_core.registry import Registry
from bcos_core.tasks.task_type import TaskType


@dataclass(frozen=True)
class Score:
    """A score of one explanation. `compute` gives None where it is not defined for a text.

    `evidence` is what it is computed from: "curves", "leave_one_out", "ratings", "rationale" or "pointing".
    `removes`: it depends on how tokens are removed, so that a model trained towards that removal was trained towards
    the score.
    """

    name: str
    title: str
    description: str
    higher_is_better: bool
    evidence: str
    compute: Callable[[Case], float | None]
    removes: bool = False

    def unsupported(self, task_type: TaskType, *, rationales: bool, pairs: bool) -> str | None:
        """Why a task cannot serve this score; None if it can. `rationales`: whether its texts have any; `pairs`:
        whether each has two parts."""
        if self.evidence == "pointing" and pairs:
            return "Two texts are put into one, for models that read one text; this task's models read two already."
        if self.evidence == "pointing" and not task_type.discrete:
            return "Two texts with different labels are joined, and a score is no label. Choose other scores."
        if self.evidence in ("ratings", "rationale") and not task_type.exclusive:
            return (
                "Only for tasks in which each text has one label: of several labels, or of a score, nobody says for "
                "which a named word speaks. Choose other scores."
            )
        if self.evidence == "rationale" and not rationales:
            return (
                "Only for texts in which people named the reason for the label (a rationale). Name the column that "
                "holds it: under the task on the Train page, or with --task and --rationale-column."
            )
        return None


def _curves(case: Case) -> Curves:
    if case.curves is None:
        raise ValueError("This case has no curves.")
    return case.curves


def comprehensiveness(case: Case) -> float:
    """mean over k of p(x) − p(x without its top-k) (DeYoung et al., arXiv 1911.03429 §4.2)."""
    return _mean(_falls(case, _curves(case).without))


def sufficiency(case: Case) -> float:
    """mean over k of p(x) − p(only the top-k of x) (DeYoung et al., arXiv 1911.03429 §4.2)."""
    return _mean(_falls(case, _curves(case).only))


def comp_minus_suff(case: Case) -> float:
    """Both at once: a good explanation has the first high and the second low."""
    return comprehensiveness(case) - sufficiency(case)


def comprehensiveness_trapezoid(case: Case) -> float:
    """Area under the same curve over k from 0.1 to 0.9, as the code of the B-cos LM authors has it."""
    return _area(_falls(case, _curves(case).without))


def sufficiency_trapezoid(case: Case) -> float:
    """Area under the same curve over k from 0.1 to 0.9, as the code of the B-cos LM authors has it."""
    return _area(_falls(case, _curves(case).only))


def deletion(case: Case) -> float:
    """Area under p as the top tokens are removed, k from 0 to 1 (Petsiuk et al., arXiv 1806.07421 §3.2)."""
    curves = _curves(case)
    return _area([case.p(logits) for logits in (curves.whole, *curves.without, curves.empty)])


def insertion(case: Case) -> float:
    """Area under p as the top tokens are put into the empty text, k from 0 to 1 (Petsiuk et al., ibid.)."""
    curves = _curves(case)
    return _area([case.p(logits) for logits in (curves.empty, *curves.only, curves.whole)])


def taucorr_loo(case: Case) -> float | None:
    """Kendall's τ-b of the scores with the fall of p when each token alone is removed (as in ferret).

    Not defined where either ranks nothing: one token, or all values equal.
    """
    from scipy.stats import kendalltau

    whole, *without = case.leave_one_out
    if len(without) < 2:
        return None
    falls = [case.p(whole) - case.p(logits) for logits in without]
    tau = float(kendalltau([case.scores[position] for position in case.ordinary], falls).statistic)
    return None if math.isnan(tau) else tau


def pointing_game(case: Case) -> float | None:
    """Share of the positive attribution that lies in the explained class's half of a pair (SeqPG)."""
    return case.pointing


def plausibility_auprc(case: Case, *, people: str) -> float | None:
    """`people` is the evidence that says what people name: "ratings" or "rationale"."""
    named = _named(case, people)
    return auprc(_ordinary_scores(case), named) if named else None


def plausibility_f1(case: Case, *, people: str) -> float | None:
    named = _named(case, people)
    return token_f1(_ordinary_scores(case), named, _rationale_size(case, people)) if named else None


def plausibility_iou(case: Case, *, people: str) -> float | None:
    named = _named(case, people)
    return token_iou(_ordinary_scores(case), named, _rationale_size(case, people)) if named else None


def _falls(case: Case, points: Sequence[Logits]) -> list[float]:
    whole = case.p(_curves(case).whole)
    return [whole - case.p(logits) for logits in points]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _area(values: Sequence[float]) -> float:
    """By the trapezoid rule over points a tenth apart."""
    return sum(a + b for a, b in pairwise(values)) / 20


def _ordinary_scores(case: Case) -> list[float]:
    return [case.scores[position] for position in case.ordinary]


def _named(case: Case, people: str) -> list[bool]:
    """Which ordinary tokens people name; nothing where they name none or all: there is nothing to find."""
    if people not in case.named:
        return []
    named = [position in case.named[people].positions for position in case.ordinary]
    return named if any(named) and not all(named) else []


def _rationale_size(case: Case, people: str) -> int:
    """As many tokens as people name on average in a text of this length (DeYoung et al., arXiv 1911.03429 §4.1)."""
    return max(1, round(case.named[people].share * len(case.ordinary)))


SCORES: Registry[Score] = Registry("score")
for _score in (
    Score(
        "comprehensiveness",
        "Comprehensiveness",
        f"Fall of p when the top tokens are removed, mean over {TENTHS[0]}0 … {TENTHS[-1]}0 %.",
        True,
        "curves",
        comprehensiveness,
        removes=True,
    ),
    Score(
        "sufficiency",
        "Sufficiency",
        "Fall of p when only the top tokens are kept, mean over the same shares. Below 0: they say it more clearly.",
        False,
        "curves",
        sufficiency,
        removes=True,
    ),
    Score(
        "comp_minus_suff",
        "Comprehensiveness − sufficiency",
        "Both at once.",
        True,
        "curves",
        comp_minus_suff,
        removes=True,
    ),
    Score(
        "comprehensiveness_trapezoid",
        "Comprehensiveness (area)",
        "Area under the same curve from 10 to 90 % (at most 0.8).",
        True,
        "curves",
        comprehensiveness_trapezoid,
        removes=True,
    ),
    Score(
        "sufficiency_trapezoid",
        "Sufficiency (area)",
        "Area under the same curve from 10 to 90 %.",
        False,
        "curves",
        sufficiency_trapezoid,
        removes=True,
    ),
    Score(
        "deletion",
        "Deletion curve",
        "Area under p while the top tokens go, from the whole text to none.",
        False,
        "curves",
        deletion,
        removes=True,
    ),
    Score(
        "insertion",
        "Insertion curve",
        "Area under p while the top tokens come, from none to the whole text.",
        True,
        "curves",
        insertion,
        removes=True,
    ),
    Score(
        "taucorr_loo",
        "Agreement with leave-one-out",
        "Kendall's τ-b with the fall of p when each token alone is removed. Occlusion measures just that.",
        True,
        "leave_one_out",
        taucorr_loo,
        removes=True,
    ),
    Score(
        "seqpg",
        "Pointing game",
        "Two texts of different labels as one: share of the positive attribution in the right one. Chance: 0.5.",
        True,
        "pointing",
        pointing_game,
    ),
    Score(
        "auprc_plau",
        "Plausibility (AUPRC)",
        "How well the scores rank the words that people rated as having the class's sentiment.",
        True,
        "ratings",
        partial(plausibility_auprc, people="ratings"),
    ),
    Score(
        "token_f1_plau",
        "Plausibility (token F1)",
        "Overlap of the top tokens with those words.",
        True,
        "ratings",
        partial(plausibility_f1, people="ratings"),
    ),
    Score(
        "token_iou_plau",
        "Plausibility (token IoU)",
        "Intersection over union of the top tokens and those words.",
        True,
        "ratings",
        partial(plausibility_iou, people="ratings"),
    ),
    Score(
        "auprc_rationale",
        "Rationale (AUPRC)",
        "How well the scores rank the tokens that people named in the text as the reason for its label.",
        True,
        "rationale",
        partial(plausibility_auprc, people="rationale"),
    ),
    Score(
        "token_f1_rationale",
        "Rationale (token F1)",
        "Overlap of the top tokens with the named ones.",
        True,
        "rationale",
        partial(plausibility_f1, people="rationale"),
    ),
    Score(
        "token_iou_rationale",
        "Rationale (token IoU)",
        "Intersection over union of the top tokens and the named ones.",
        True,
        "rationale",
        partial(plausibility_iou, people="rationale"),
    ),
):
    SCORES.register(_score.name, _score)
