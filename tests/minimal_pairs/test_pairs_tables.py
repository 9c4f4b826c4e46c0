"""What a result says, in sentences and tables."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from test_pairs_result import FIRST, GOOD, GUESS, POOR, RESULT, contender

from bcos_core.attribution.registry import CHANCE
from bcos_core.minimal_pairs.result import ALL, Speaker
from bcos_core.minimal_pairs.words import pairs_sentences, protocol_in_words
from bcos_core.render.minimal_pairs import (
    difference_table,
    pairs_table,
    preference_table,
    shown_pairs,
    shown_preferences,
)

NAMES = {"one": "My model"}


def test_sentences_say_what_is_preferred_and_what_is_shown() -> None:
    said = pairs_sentences(RESULT, NAMES)
    assert said[0].startswith("My model prefers the right word in 87.5 % of 12 pairs (95 % interval ")
    assert said[1] == (
        "On My model, the highest mean reciprocal rank of the evidence is 0.799, by B-cos contributions; a random "
        "ranking is expected to reach 0.250."
    )
    assert said[2] == "It is shown to be better than Saliency."
    assert said[3] == "Not shown to beat a random ranking on My model: Saliency."
    # The same of strikes.
    assert said[4] == (
        "On My model, the highest mean rank correlation of foreseen and real changes by strikes is 0.799, by B-cos "
        "contributions; a random ranking is expected to reach 0.250."
    )
    assert len(said) == 7
    evidence = tuple(replace(one, values={"mrr": one.values["mrr"]}) for one in RESULT.contenders)
    assert pairs_sentences(replace(RESULT, contenders=evidence), NAMES) == said[:4]


def test_what_strikes_tokens_itself_is_not_set_against_others() -> None:
    right = contender("occlusion", *[1.0] * 12)
    said = pairs_sentences(replace(RESULT, contenders=(GUESS, POOR, right)), NAMES)
    assert "reciprocal rank of the evidence is 1.00, by Occlusion" in said[1]
    assert "by strikes is 0.250, by Saliency" in said[4]


def test_sentences_compare_two_models_on_the_pairs_that_both_have() -> None:
    other = Speaker("two", "/models/two", "bcos", "identity", dict.fromkeys(FIRST, -1.0))
    half = contender("bcos", *[0.5] * 8, checkpoint="two")
    chance = contender(CHANCE, *[0.25] * 8, checkpoint="two")
    both = replace(RESULT, speakers=(*RESULT.speakers, other), contenders=(GUESS, GOOD, POOR, chance, half))
    said = pairs_sentences(both, NAMES)
    # Wilson's upper end of 0 of 8 is 1.96² / (8 + 1.96²).
    assert "two prefers the right word in 0.0 % of 8 pairs (95 % interval 0.0 % to 32.4 %)." in said
    assert said[-2].startswith("B-cos contributions on My model minus B-cos contributions on two: +0.438 in mean rec")
    assert said[-1].startswith("B-cos contributions on My model minus B-cos contributions on two: +0.438 in mean rank")
    assert "on 8 pairs (95 % interval" in said[-1]


def test_what_is_better_than_the_model_itself_is_said_first() -> None:
    """Ours has 0.5 of every pair."""
    ours = contender("pullback", *[0.5] * 12)
    best = replace(GOOD, method="occlusion")
    said = pairs_sentences(replace(RESULT, contenders=(GUESS, ours, best, POOR)), NAMES)
    # Not in the deletion curve, where lower is better; nor in strikes, which are what occlusion is.
    assert said[0] == (
        "Better than Frozen-linear pullback on My model: Occlusion in 6 of 8 scores; Saliency in deletion curve."
    )
    said = pairs_sentences(replace(RESULT, contenders=(GUESS, ours, replace(GOOD, method="shapley"))), NAMES)
    assert said[0] == "Better than Frozen-linear pullback on My model: Shapley values in 7 of 8 scores."
    in_one = replace(best, values=ours.values | {"top_1": best.values["top_1"]})
    said = pairs_sentences(replace(RESULT, contenders=(GUESS, ours, in_one)), NAMES)
    assert said[0] == "Better than Frozen-linear pullback on My model: Occlusion in evidence first."
    poor = replace(POOR, values=POOR.values | {"deletion": ours.values["deletion"]})
    said = pairs_sentences(replace(RESULT, contenders=(GUESS, ours, poor)), NAMES)
    assert said[0] == "On My model, no other method is shown to be better than Frozen-linear pullback in any score."


def test_a_model_that_was_trained_towards_strikes_is_said_to_be() -> None:
    [speaker] = RESULT.speakers
    trained = replace(RESULT, speakers=(replace(speaker, consistency=0.5),))
    [said] = [one for one in pairs_sentences(trained, {"one": "Our model"}) if "trained towards" in one]
    assert said.startswith("Our model was trained") and "weight 0.5" in said and "Strike correlation" in said
    assert not [one for one in pairs_sentences(RESULT, {}) if "trained towards" in one]


def test_few_pairs_show_no_difference() -> None:
    few = [contender(method, *[value] * 3) for method, value in (("pullback", 0.1), ("occlusion", 1.0))]
    said = pairs_sentences(replace(RESULT, contenders=(GUESS, *few)), NAMES)
    assert said[0] == "3 pairs cannot show that any method on My model is better than another; that takes 6 or more."


def test_a_model_without_marked_pairs_has_a_preference_alone() -> None:
    nothing = {name: {} for name in GOOD.values}
    plain = replace(RESULT, contenders=tuple(replace(one, values=nothing) for one in (GUESS, GOOD)))
    assert len(pairs_sentences(plain, NAMES)) == 1
    table = shown_pairs(plain.rows(), NAMES, ALL)
    assert set(table["Evidence first"]) == {"–"} and set(table["pairs"]) == {0}


def test_the_protocol_says_what_is_ranked_and_what_was_drawn() -> None:
    tokens, words = (
        protocol_in_words(replace(RESULT, spec=RESULT.spec | {"unit": unit, "seed": 3})) for unit in ("token", "word")
    )
    assert "Struck or removed words: deleted, the rest moves together to new positions." in words
    assert "Scores compare with nothing where a method offers that." in words
    evidence = tuple(replace(one, values={"mrr": one.values["mrr"]}) for one in RESULT.contenders)
    assert "removed" not in protocol_in_words(replace(RESULT, contenders=evidence, spec=RESULT.spec | {"unit": "word"}))
    assert "Ranked: the tokens of the prompt without added tokens" in tokens and "the best one counts" in tokens
    assert "Ranked: the words of the prompt" in words and "the best one counts" not in words
    assert tokens.endswith("At most 8 pairs of each file or paradigm, seed 3.")


def test_tables_have_every_number_once() -> None:
    rows = RESULT.rows()
    table = pairs_table(rows, NAMES, "so")
    assert set(table["protocol"]) == {"so"}
    assert len(table) == 3 * 3 * 8  # portions, contenders, measures
    mrr = table[(table["measure"] == "Reciprocal rank of the evidence") & (table["pairs of"] == "agreement")]
    assert mrr.set_index("method")["mean"].to_dict() == pytest.approx(
        {"Random": 0.25, "B-cos contributions": 7.5 / 8, "Saliency": 0.25}
    )
    assert set(table["model"]) == {"My model"}
    # What explaining costs is known of all pairs together: a mean over them is none of a source.
    cost = table[["failed", "forward passes", "backward passes", "ms per pair"]]
    assert cost[table["pairs of"] != ALL].isna().all(axis=None) and cost[table["pairs of"] == ALL].notna().all(
        axis=None
    )
    assert set(cost["ms per pair"].dropna()) == {0.0, 100.0}
    assert preference_table(RESULT.preferences(), NAMES)["pairs"].tolist() == [12, 8, 4]
    differences = difference_table(RESULT.differences(GOOD.id), NAMES)
    assert set(differences["minus"]) == {"B-cos contributions on My model"}


def test_the_cost_of_the_only_source_is_that_of_all_pairs() -> None:
    one = replace(
        RESULT,
        sources=RESULT.sources[:1],
        pairs={name: RESULT.pairs[name] for name in RESULT.sources[0].pairs},
    )
    assert set(pairs_table(one.rows(), NAMES, "")["ms per pair"]) == {0.0, 100.0}
    assert "1.0 + 1.0" in set(shown_pairs(one.rows(), NAMES, "agreement")["passes"])
    assert set(shown_pairs(RESULT.rows(), NAMES, "agreement")["passes"]) == {"–"}


def test_what_is_shown_of_pairs_without_evidence_is_about_the_first_score_that_they_have() -> None:
    rows = [
        row | {"mean": math.nan, "low": math.nan, "high": math.nan, "n": 0, "beats_random": None}
        if row["measure"] in ("mrr", "top_1", "top_3", "positive_share")
        else row
        for row in RESULT.rows()
    ]
    table = shown_pairs(rows, NAMES, ALL)
    assert table["method"].tolist()[0] == "B-cos contributions"
    assert table["pairs"].tolist() == [12] * 3 and "yes" in set(table["beats random"])
    assert set(table["Reciprocal rank of the evidence"]) == {"–"}


def test_a_score_of_fewer_pairs_than_the_first_says_so() -> None:
    rows = [row | {"n": 5} if row["measure"] == "positive_share" else row for row in RESULT.rows()]
    (best, *_) = shown_pairs(rows, NAMES, ALL).to_dict("records")
    assert best["pairs"] == 12 and best["Share of the positive sum"].endswith("] of 5 pairs")
    assert best["Evidence first"].endswith("%]")


def test_what_is_shown_has_the_best_first_with_intervals() -> None:
    table = shown_pairs(RESULT.rows(), NAMES, ALL)
    assert table["method"].tolist()[0] == "B-cos contributions"
    assert "Random (expected)" in table["method"].tolist()
    best = table.iloc[0]
    assert best["Reciprocal rank of the evidence"].startswith("0.799 [0.") and best["passes"] == "1.0 + 1.0"
    assert best["Evidence first"].endswith("%]") and best["beats random"] == "yes"
    chance = table[table["method"] == "Random (expected)"].iloc[0]
    assert chance["Reciprocal rank of the evidence"] == "0.250"  # no interval: all pairs have this value
    assert best["Strike correlation"].startswith("0.799 [0.") and best["Evidence first"].startswith("79.9 % [")
    lowest = shown_pairs([row for row in RESULT.rows() if row["measure"] == "deletion"], NAMES, ALL)
    assert lowest["method"].tolist()[-1] == "B-cos contributions"  # of a deletion curve the lowest is the best
    assert "Random (expected)" not in lowest["method"].tolist()  # its order was drawn
    shown = shown_preferences(RESULT.preferences(), NAMES)
    assert shown["prefers the right word"].tolist()[0].startswith("87.5 % [")
