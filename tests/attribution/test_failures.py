"""Scores that are not numbers are kept as such and say so; a record that is run again is compared with them too."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest

from bcos_core import explain
from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.registry import METHODS
from bcos_core.attribution.rerun import rerun
from bcos_core.model.classifier import Classifier

TEXT = "An unforgettably charming film."


def test_scores_that_are_no_numbers_are_kept_as_failed(pair: dict[str, Classifier]) -> None:
    record = explain(pair["bcos"], TEXT, method="shapley", samples=2, repeats=2)
    assert not record.failed and json.loads(record.to_json())["failure"] is None
    for value in (math.nan, math.inf, -math.inf):
        broken = dataclasses.replace(record, scores=(value, *record.scores[1:]))
        assert broken.failed and json.loads(broken.to_json())["failure"] == broken.failure
        again = Attribution.from_dict(json.loads(broken.to_json()))
        assert again.failed and math.isnan(again.scores[0]) and again.scores[1:] == record.scores[1:]
    assert Attribution.from_dict(json.loads(record.to_json())) == record


def test_a_failure_says_where_it_is(pair: dict[str, Classifier]) -> None:
    record = explain(pair["bcos"], TEXT, method="shapley", samples=2, repeats=2, seed=7)
    first = record.tokens[1].text
    rows = (record.seed_scores[0], (0.0, math.nan, *record.seed_scores[1][2:]))
    scores = (record.scores[0], math.nan, *record.scores[2:])
    reason = dataclasses.replace(record, scores=scores, seed_scores=rows).failure
    assert reason is not None and f"for 1 of {len(scores)} tokens (under seed 8)" in reason and f"“{first}”" in reason
    model = dataclasses.replace(record, logits=(math.nan, 0.0, 0.0), logit=math.nan, probabilities=(math.nan,) * 3)
    assert model.failure == "The model's logits for this text are not finite numbers."
    again = Attribution.from_dict(json.loads(model.to_json()))
    assert again.failure == model.failure and math.isnan(again.logit)


def test_a_failure_that_comes_again_matches(pair: dict[str, Classifier], monkeypatch: pytest.MonkeyPatch) -> None:
    saliency = METHODS["saliency"]

    def broken(inputs: MethodInput) -> MethodOutput:
        output = saliency.attribute(inputs)
        scores = output.scores.clone()
        scores[0, 1] = math.inf
        return dataclasses.replace(output, scores=scores)

    whole = explain(pair["bcos"], TEXT, method="saliency")
    monkeypatch.setitem(METHODS._entries, "saliency", dataclasses.replace(saliency, attribute=broken))
    failed = explain(pair["bcos"], TEXT, method="saliency")
    exported = Attribution.from_dict(json.loads(failed.to_json()))  # infinity has become null
    assert rerun(exported, pair["bcos"]).matches
    assert rerun(exported, pair["bcos"]).differences == ()
    other = rerun(whole, pair["bcos"])
    assert not other.matches and math.isnan(other.largest_difference)
    assert other.differences[0].startswith("The failure was none, and is The method gave scores")


def test_scores_under_each_seed_are_compared_too(pair: dict[str, Classifier]) -> None:
    record = explain(pair["bcos"], TEXT, method="shapley", samples=2, repeats=2)
    assert rerun(record, pair["bcos"]).matches
    one, two = record.seed_scores
    swapped = dataclasses.replace(record, seed_scores=(two, one))  # the same mean and the same deviation
    assert not rerun(swapped, pair["bcos"]).matches


@pytest.mark.parametrize("seed_scores", [((0.0,) * 6,), ((0.0,) * 6,) * 3, ((0.0,) * 5,) * 2])
def test_scores_of_seeds_that_do_not_fit_are_refused(
    seed_scores: tuple[tuple[float, ...], ...], pair: dict[str, Classifier]
) -> None:
    record = explain(pair["bcos"], "a good film !", method="random", repeats=2)
    assert len(record.tokens) == 6
    with pytest.raises(ValueError, match="seed"):
        dataclasses.replace(record, seed_scores=seed_scores)
