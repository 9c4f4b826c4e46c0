"""What is said of several models, from values made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bcos_core.evaluate.between import DO_NOT_COMPARE, between_models
from bcos_core.evaluate.result import Contender, Evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.spec import usual_scores
from bcos_core.render.report import evaluation_html
from bcos_core.render.scoreboard import leaderboard_figure, leaderboard_table


def contender(method: str, model: str, values: Mapping[str, Sequence[float]]) -> Contender:
    return Contender(
        checkpoint=model,
        path=f"/models/{model}",
        kind="bcos",
        method=method,
        values={score: {f"t{place}": value for place, value in enumerate(row)} for score, row in values.items()},
        protocols={score: {"summary": "By hand."} for score in values},
        failed=0,
        forward_passes=1,
        backward_passes=1,
        seconds=0.1,
        curves={},
    )


MEASURED = ("naopc", "comp_minus_suff")


def around(mean: float) -> list[float]:
    return [mean - 0.01, mean + 0.01] * 10


def evaluation(*given: tuple[str, str, float, float], scores: tuple[str, ...] = MEASURED) -> Evaluation:
    """`given`: method, model, normalised mean, raw mean."""
    contenders = tuple(
        contender(method, model, {s: around(value) for s, value in zip(MEASURED, values, strict=True) if s in scores})
        for method, model, *values in given
    )
    return Evaluation("one", "Task", contenders, (), {"scores": scores, "probability": "softmax"}, 1.0)


TWO = (
    ("bcos", "ours", 0.80, 0.45),
    ("occlusion", "ours", 0.70, 0.40),
    ("random", "ours", 0.50, 0.0),
    ("occlusion", "twin", 0.83, 0.36),
    ("integrated_gradients", "twin", 0.89, 0.37),
    ("random", "twin", 0.50, 0.0),
)


def said(given: Evaluation) -> list[str]:
    return between_models(given, given.rows())


def test_the_best_of_the_other_model_is_set_against_ours_by_the_normalised_score() -> None:
    first, why = said(evaluation(*TWO))
    # The raw score has ours ahead, 0.45 to 0.37; the normalised one decides.
    assert first == (
        "Between models, by comprehensiveness − sufficiency (normalised): Integrated gradients on twin, the best there "
        "(0.890), is ahead of B-cos contributions on ours (0.800): +0.0900 on the same texts, no interval: all 20 "
        "texts give this value."
    )
    assert why == DO_NOT_COMPARE
    behind = said(evaluation(*TWO[:3], ("occlusion", "twin", 0.6, 0.9), TWO[5]))[0]
    assert "Occlusion on twin, the best there (0.600), is behind B-cos contributions on ours (0.800)" in behind
    equal = said(evaluation(*TWO[:3], ("occlusion", "twin", 0.8, 0.9), TWO[5]))[0]
    assert "is not shown to differ from" in equal


def test_what_is_ahead_of_ours_is_said_first() -> None:
    third = (("occlusion", "another", 0.6, 0.3), ("random", "another", 0.5, 0.0))
    first, second, _ = said(evaluation(*third, *TWO))
    assert "Integrated gradients on twin" in first
    assert second.startswith("Occlusion on another")


def test_raw_scores_of_two_models_are_said_not_to_compare() -> None:
    raw = evaluation(*TWO, scores=("comp_minus_suff",))
    (only,) = said(raw)
    assert only.startswith(DO_NOT_COMPARE) and SCORES["naopc"].title in only
    assert "do not compare" in leaderboard_figure(raw.rows(), "comp_minus_suff").layout.title.subtitle.text
    assert DO_NOT_COMPARE in evaluation_html(evaluation(*TWO), "bcos@ours")
    assert said(evaluation(*TWO[:3])) == []  # one model


def test_no_text_short_enough_is_said() -> None:
    empty = evaluation(*TWO)
    bare = tuple(Contender(**{**one.__dict__, "values": {**one.values, "naopc": {}}}) for one in empty.contenders)
    (only,) = said(Evaluation("one", "Task", bare, (), empty.spec, 1.0))
    assert "raise the longest text" in only


def test_beside_the_normalised_score_stands_the_raw_one() -> None:
    rows = evaluation(*TWO).rows()
    table = leaderboard_table(rows, "naopc")
    assert table["mean"].round(2).tolist()[:3] == [0.89, 0.83, 0.80]
    assert table["raw"].round(2).tolist()[:3] == [0.37, 0.36, 0.45]
    assert "raw" not in leaderboard_table(rows, "comp_minus_suff")


def test_the_normalised_score_is_the_first_of_several_models() -> None:
    assert usual_scores(2)[0] == "naopc" and "comp_minus_suff" in usual_scores(2)
    assert "naopc" not in usual_scores(1)
