"""What an evaluation says of several models: how their methods compare, by scores that put each between its limits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.figures import interval_in_words
from bcos_core.evaluate.result import Contender, Evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.spec import BETWEEN_MODELS
from bcos_core.numbers import number

DO_NOT_COMPARE = (
    "Raw values of two models do not compare: how far p can fall at all when tokens are removed differs from model to "
    "model and from text to text (arXiv 2408.08137)."
)


def between_models(evaluation: Evaluation, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Sentences about the models together, what is ahead of our methods first; none where there is one model. `rows`
    are the evaluation's (`Evaluation.rows`)."""
    checkpoints = list(dict.fromkeys(one.checkpoint for one in evaluation.contenders))
    if len(checkpoints) < 2 or not any(is_raw(score) or SCORES[score].normalizes for score in evaluation.scores):
        return []
    score = next((name for name in evaluation.scores if SCORES[name].normalizes), None)
    if score is None:
        usual = SCORES[BETWEEN_MODELS[0]].title
        return [f"{DO_NOT_COMPARE} To set these models against each other, choose the score {usual}."]
    means = {(row["checkpoint"], row["method"]): float(row["mean"]) for row in rows if row["score"] == score}
    best = {name: found for name in checkpoints if (found := _best(evaluation, means, name, score)) is not None}
    ours = [one for one in evaluation.contenders if METHODS[one.method].needs_bcos] or list(best.values())[:1]
    compared = [
        _compared(evaluation, best[name], one, score, means)
        for one in ours
        for name in best
        if name != one.checkpoint and not math.isnan(means[one.checkpoint, one.method])
    ]
    if not compared:
        return [
            f"{DO_NOT_COMPARE} No text here has a normalised score of two models: raise the longest text with limits."
        ]
    first, *others = (sentence for _, sentence in sorted(compared, key=lambda pair: pair[0]))
    return [f"Between models, by {_name(score)}: {first}", *others, DO_NOT_COMPARE]


def is_raw(score: str) -> bool:
    """Whether values of this score do not compare across models."""
    return not SCORES[score].across_models


def _best(
    evaluation: Evaluation, means: Mapping[tuple[str, str], float], checkpoint: str, score: str
) -> Contender | None:
    """A model's best method by the mean, chance aside; None where none has a value."""
    sign = 1 if SCORES[score].higher_is_better else -1
    able = [
        one
        for one in evaluation.contenders
        if one.checkpoint == checkpoint
        and not METHODS[one.method].chance
        and not math.isnan(means[checkpoint, one.method])
    ]
    return max(able, key=lambda one: sign * means[checkpoint, one.method], default=None)


def _compared(
    evaluation: Evaluation, rival: Contender, ours: Contender, score: str, means: Mapping[tuple[str, str], float]
) -> tuple[int, str]:
    """Where it stands, 0 for what is ahead of ours, and the sentence."""
    if evaluation.is_better(rival, ours, score):
        place, said = 0, "is ahead of"
    elif evaluation.is_better(ours, rival, score):
        place, said = 2, "is behind"
    else:
        place, said = 1, "is not shown to differ from"
    gap = evaluation.difference(rival, ours, score)
    return place, (
        f"{_called(rival)}, the best there ({number(means[rival.checkpoint, rival.method])}), {said} {_called(ours)} "
        f"({number(means[ours.checkpoint, ours.method])}): {number(gap.mean, signed=True)} on the same texts, "
        f"{interval_in_words(gap, _signed)}."
    )


def _signed(value: float) -> str:
    return number(value, signed=True)


def _called(one: Contender) -> str:
    return f"{METHODS[one.method].title} on {one.checkpoint}"


def _name(score: str) -> str:
    title = SCORES[score].title
    return title[0].lower() + title[1:]
