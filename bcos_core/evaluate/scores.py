"""The scores and what they declare. Tables read the declaration; they never know a score by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from scipy.stats import kendalltau

from bcos_core.evaluate.curves import TENTHS, Curves
from bcos_core.evaluate.forward import Logits
from bcos_core.evaluate.plausibility import auprc, token_f1, token_iou
from bcos_core.registry import Registry
from bcos_core.text.encoding import Encoded

Probability = Callable[[Sequence[float], int], float]


@dataclass(frozen=True)
class Case:
    """One explanation of one text, and the evidence that was gathered about it.

    `scores` are aligned with the text's tokens, `target` is the explained class. `leave_one_out` has the logits
    of the whole text, then of the text without each ordinary token. `named` are the tokens that people name, and
    `rationale_share` the share of tokens that they name on average. `pointing` is the pointing game's result.
    """

    text: Encoded
    scores: tuple[float, ...]
    target: int
    probability: Probability
    curves: Curves | None = None
    leave_one_out: Sequence[Logits] = ()
    named: frozenset[int] = frozenset()
    rationale_share: float = 0.0
    pointing: float | None = None

    def p(self, logits: Sequence[float]) -> float:
        """The probability of the explained class."""
        return self.probability(logits, self.target)

    @property
    def ordinary(self) -> list[int]:
        return [position for position, token in enumerate(self.text.tokens) if not token.added]


@dataclass(frozen=True)
class Score:
    """A score of one explanation. `compute` gives None where it is not defined for a text.

    `evidence` is what it is computed from: "curves", "leave_one_out", "rationale" or "pointing". `removes`: it
    depends on how tokens are removed, so that a model trained towards that removal was trained towards the score.
    """

    name: str
    title: str
    description: str
    higher_is_better: bool
    evidence: str
    compute: Callable[[Case], float | None]
    removes: bool = False


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
    whole, *without = case.leave_one_out
    if len(without) < 2:
        return None
    falls = [case.p(whole) - case.p(logits) for logits in without]
    tau = float(kendalltau([case.scores[position] for position in case.ordinary], falls).statistic)
    return None if math.isnan(tau) else tau


def pointing_game(case: Case) -> float | None:
    """Share of the positive attribution that lies in the explained class's half of a pair (SeqPG)."""
    return case.pointing


def plausibility_auprc(case: Case) -> float | None:
    named = _named(case)
    return auprc(_ordinary_scores(case), named) if named else None


def plausibility_f1(case: Case) -> float | None:
    named = _named(case)
    return token_f1(_ordinary_scores(case), named, _rationale_size(case)) if named else None


def plausibility_iou(case: Case) -> float | None:
    named = _named(case)
    return token_iou(_ordinary_scores(case), named, _rationale_size(case)) if named else None


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


def _named(case: Case) -> list[bool]:
    """Which ordinary tokens people name; nothing where they name none or all: there is nothing to find."""
    named = [position in case.named for position in case.ordinary]
    return named if any(named) and not all(named) else []


def _rationale_size(case: Case) -> int:
    """As many tokens as people name on average in a text of this length (DeYoung et al., arXiv 1911.03429 §4.1)."""
    return max(1, round(case.rationale_share * len(case.ordinary)))


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
        "Comprehensiveness, area",
        "Area under the same curve from 10 to 90 % (at most 0.8).",
        True,
        "curves",
        comprehensiveness_trapezoid,
        removes=True,
    ),
    Score(
        "sufficiency_trapezoid",
        "Sufficiency, area",
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
        "Two texts of different classes as one: share of the positive attribution in the right one. Chance: 0.5.",
        True,
        "pointing",
        pointing_game,
    ),
    Score(
        "auprc_plau",
        "Plausibility, AUPRC",
        "How well the scores rank the words that people rated as having the class's sentiment.",
        True,
        "rationale",
        plausibility_auprc,
    ),
    Score(
        "token_f1_plau",
        "Plausibility, token F1",
        "Overlap of the top tokens with those words.",
        True,
        "rationale",
        plausibility_f1,
    ),
    Score(
        "token_iou_plau",
        "Plausibility, token IoU",
        "Intersection over union of the top tokens and those words.",
        True,
        "rationale",
        plausibility_iou,
    ),
):
    SCORES.register(_score.name, _score)
