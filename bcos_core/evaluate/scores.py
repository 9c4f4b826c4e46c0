"""The scores and what they declare. Tables read the declaration; they never know a score by name.

What a score is can be read without SciPy and scikit-learn: they are imported when a text is scored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bcos_core.evaluate.case import TENTHS, Case
from bcos_core.evaluate.faithfulness import (
    comp_minus_suff,
    comprehensiveness,
    comprehensiveness_trapezoid,
    deletion,
    infidelity,
    insertion,
    log_odds,
    naopc,
    naopc_comprehensiveness,
    naopc_sufficiency,
    sensitivity,
    soft_comprehensiveness,
    soft_sufficiency,
    sufficiency,
    sufficiency_trapezoid,
    taucorr_loo,
)
from bcos_core.evaluate.people import (
    plausibility_auprc,
    plausibility_f1,
    plausibility_iou,
    plausibility_span_f1,
    plausibility_tau,
)
from bcos_core.registry import Registry
from bcos_core.tasks.task_type import TaskType


@dataclass(frozen=True)
class Score:
    """A score of one explanation. `compute` gives None where it is not defined for a text.

    `evidence` is what it is computed from: "curves", "limits", "sets", "soft", "soft_ranks", "sensitivity",
    "leave_one_out", "ratings", "rationale" or "pointing".
    `removes`: it depends on how tokens are removed, so that a model trained towards that removal was trained towards
    the score. `across_models`: values of two models compare; of a raw removal score they do not, since how far p can
    fall at all differs from model to model. `normalizes` is the raw score that this one puts between its limits.
    `of_probability`: it takes a probability, which a task whose answer is a score has not. `is_consistency`: it is what
    deletion consistency makes small in training. `beatable_by_chance`: a method that ignores the model is best in it,
    so that random scores are nothing to beat.
    """

    name: str
    title: str
    description: str
    higher_is_better: bool
    evidence: str
    compute: Callable[[Case], float | None]
    removes: bool = False
    across_models: bool = True
    normalizes: str | None = None
    of_probability: bool = False
    is_consistency: bool = False
    beatable_by_chance: bool = False

    def unsupported(self, task_type: TaskType, *, rationales: bool, pairs: bool) -> str | None:
        """Why a task cannot serve this score; None if it can. `rationales`: whether its texts have any; `pairs`:
        whether each has two parts."""
        if self.evidence == "pointing" and pairs:
            return "Two texts are put into one, for models that read one text; this task's models read two already."
        if self.evidence == "pointing" and not task_type.discrete:
            return "Two texts with different labels are joined, and a score is no label. Choose other scores."
        if self.of_probability and not task_type.discrete:
            return "Only for tasks with labels, whose odds are looked at: a score has none. Choose other scores."
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


def pointing_game(case: Case) -> float | None:
    """Share of the positive attribution that lies in the explained class's half of a pair (SeqPG)."""
    return case.pointing


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
        across_models=False,
    ),
    Score(
        "sufficiency",
        "Sufficiency",
        "Fall of p when only the top tokens are kept, mean over the same shares. Below 0: they say it more clearly.",
        False,
        "curves",
        sufficiency,
        removes=True,
        across_models=False,
    ),
    Score(
        "comp_minus_suff",
        "Comprehensiveness − sufficiency",
        "Both at once.",
        True,
        "curves",
        comp_minus_suff,
        removes=True,
        across_models=False,
    ),
    Score(
        "naopc",
        "Comprehensiveness − sufficiency (normalised)",
        "Between the worst (0) and the best order (1) in which this model's text can lose its tokens, one by one "
        "(NAOPC).",
        True,
        "limits",
        naopc,
        removes=True,
        normalizes="comp_minus_suff",
    ),
    Score(
        "naopc_comprehensiveness",
        "Comprehensiveness (normalised)",
        "Fall of p at every single removal, the top token first, between the lowest (0) and the highest (1) of any "
        "order (NAOPC).",
        True,
        "limits",
        naopc_comprehensiveness,
        removes=True,
        normalizes="comprehensiveness",
    ),
    Score(
        "naopc_sufficiency",
        "Sufficiency (normalised)",
        "The same with the least important token first, between the same limits (NAOPC).",
        False,
        "limits",
        naopc_sufficiency,
        removes=True,
        normalizes="sufficiency",
    ),
    Score(
        "comprehensiveness_trapezoid",
        "Comprehensiveness (area)",
        "Area under the same curve from 10 to 90 % (at most 0.8).",
        True,
        "curves",
        comprehensiveness_trapezoid,
        removes=True,
        across_models=False,
    ),
    Score(
        "sufficiency_trapezoid",
        "Sufficiency (area)",
        "Area under the same curve from 10 to 90 %.",
        False,
        "curves",
        sufficiency_trapezoid,
        removes=True,
        across_models=False,
    ),
    Score(
        "deletion",
        "Deletion curve",
        "Area under p while the top tokens go, from the whole text to none.",
        False,
        "curves",
        deletion,
        removes=True,
        across_models=False,
    ),
    Score(
        "insertion",
        "Insertion curve",
        "Area under p while the top tokens come, from none to the whole text.",
        True,
        "curves",
        insertion,
        removes=True,
        across_models=False,
    ),
    Score(
        "soft_comprehensiveness",
        "Soft comprehensiveness",
        "Fall of p when words lose parts of their vectors in proportion to their scores, as a share of its fall when "
        "they lose all (Soft-NC). Methods that spread their scores otherwise keep more or less.",
        True,
        "soft",
        partial(soft_comprehensiveness, evidence="soft"),
        removes=True,
        across_models=False,
    ),
    Score(
        "soft_sufficiency",
        "Soft sufficiency",
        "The same share of p that is held when words keep parts of their vectors in proportion to their scores "
        "(Soft-NS).",
        True,
        "soft",
        partial(soft_sufficiency, evidence="soft"),
        removes=True,
        across_models=False,
    ),
    Score(
        "soft_comprehensiveness_ranks",
        "Soft comprehensiveness (by rank)",
        "The same by the rank of the scores: every method keeps as much of a text, a tenth to nine tenths.",
        True,
        "soft_ranks",
        partial(soft_comprehensiveness, evidence="soft_ranks"),
        removes=True,
    ),
    Score(
        "soft_sufficiency_ranks",
        "Soft sufficiency (by rank)",
        "The same by the rank of the scores: every method keeps as much of a text, a tenth to nine tenths.",
        True,
        "soft_ranks",
        partial(soft_sufficiency, evidence="soft_ranks"),
        removes=True,
    ),
    Score(
        "log_odds",
        "Log-odds",
        "Change of log p when the top tokens are removed, mean over the same shares.",
        False,
        "curves",
        log_odds,
        removes=True,
        across_models=False,
        of_probability=True,
    ),
    Score(
        "infidelity",
        "Infidelity",
        "Squared error of the summed scores of random tokens against the fall of the logit when they are removed. Fair "
        "to methods whose scores add up to the logit.",
        False,
        "sets",
        infidelity,
        removes=True,
        across_models=False,
        is_consistency=True,
    ),
    Score(
        "sensitivity",
        "Max-sensitivity",
        "The largest relative change of the scores when the words' vectors move by a tenth of their size. What ignores "
        "the text has 0.",
        False,
        "sensitivity",
        sensitivity,
        beatable_by_chance=True,
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
    Score(
        "iou_f1_rationale",
        "Rationale (IOU F1)",
        "F1 of the spans that the top tokens make: one counts where it and a named one overlap by half (intersection "
        "over union). Of each text, then the mean; the authors of ERASER average precision and recall first.",
        True,
        "rationale",
        partial(plausibility_span_f1, people="rationale"),
    ),
    Score(
        "tau_rationale",
        "Rationale (share of people)",
        "Kendall's τ-b of the scores with the share of the people who named each token.",
        True,
        "rationale",
        partial(plausibility_tau, people="rationale"),
    ),
):
    SCORES.register(_score.name, _score)
