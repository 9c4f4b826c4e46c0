"""What a model was trained for, beside every score there is."""

from __future__ import annotations

import pytest

from bcos_core.evaluate.objective import NOTES, SENTENCES, Objective
from bcos_core.evaluate.scores import SCORES

CONSISTENT = Objective.of({"consistency": 1.0, "consistency_ranked": 0.0, "masking": 0.0})


def bearing(objective: Objective, score: str, removal: str = "mask") -> set[str]:
    return {name for name, holds in objective.bears_on(SCORES[score], removal).items() if holds}


def test_it_is_named_in_words() -> None:
    assert Objective.of(None).in_words == "not known: it was not trained here"
    assert Objective.of({}).in_words == "its labels"
    assert CONSISTENT.in_words == "its labels, deletion consistency (weight 1)"
    whole = {"consistency": 0.5, "consistency_ranked": 0.25, "masking": 0.5}
    assert Objective.of(whole).in_words == (
        "its labels, deletion consistency (weight 0.5, 25% of the texts by rank), 50% of the texts with masked tokens"
    )


@pytest.mark.parametrize("score", [name for name in SCORES if SCORES[name].evidence in ("curves", "limits", "sets")])
def test_every_score_of_a_removal_says_that_it_was_trained_towards(score: str) -> None:
    assert "trained_towards" in bearing(CONSISTENT, score)
    assert bearing(CONSISTENT, score, "delete") == {"trained_towards_other_removal"}
    assert bearing(Objective.of({"masking": 0.5}), score) == {"trained_with_masked_texts"}
    assert bearing(Objective.of(None), score) == set()


def test_infidelity_is_the_training_loss_and_no_other_score_is() -> None:
    # Deletion consistency: logit(x without S) = logit(x) − Σ_{i∈S} cᵢ, for random S; infidelity is its squared error.
    assert [name for name in SCORES if "trained_towards_loss" in bearing(CONSISTENT, name)] == ["infidelity"]


def test_scores_without_a_removal_are_no_objective() -> None:
    everything = Objective.of({"consistency": 1.0, "consistency_ranked": 1.0, "masking": 1.0})
    free = [name for name in SCORES if bearing(everything, name) == set()]
    assert "seqpg" in free and "auprc_plau" in free and "auprc_rationale" in free


def test_all_that_bears_is_said() -> None:
    assert set(SENTENCES) == set(NOTES) == set(CONSISTENT.bears_on(SCORES["naopc"], "mask"))
