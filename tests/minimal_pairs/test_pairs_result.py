"""The tables of a result: means by source, paired differences, what beats a random ranking, and what is kept."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from bcos_core.attribution.registry import CHANCE
from bcos_core.errors import InputError, NotFiniteError
from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.minimal_pairs.result import (
    ALL,
    RESULT_FILE,
    Contender,
    PairsResult,
    Source,
    Speaker,
    load_result,
    save_result,
)
from bcos_core.storage.listing import LeftOut
from bcos_core.tasks.estimates import bootstrap

FIRST, SECOND = tuple("abcdefgh"), tuple("ijkl")
PAIRS = FIRST + SECOND


def contender(method: str, *values: float, checkpoint: str = "one", **more: float) -> Contender:
    """Every measure of the pairs, in their order, the same."""
    of_pairs = dict(zip(PAIRS, values, strict=False))
    return Contender(checkpoint, method, dict.fromkeys(MEASURES, of_pairs), **more)  # type: ignore[arg-type]


GOOD = contender("bcos", *[1.0] * 7, 0.5, *[1.0, 0.5, 1 / 3, 0.25], forward_passes=1, backward_passes=1, seconds=0.1)
POOR = contender("saliency", *[0.2, 0.3] * 6)
GUESS = contender(CHANCE, *[0.25] * 12)
DIFFERENCES = dict(zip(PAIRS, [2.0] * 6 + [0.0, -0.5] + [3.0] * 4, strict=True))
RESULT = PairsResult(
    name="a job",
    sources=(Source("agreement", FIRST), Source("marked.csv", SECOND, (LeftOut("Line 9", "It is torn."),))),
    speakers=(Speaker("one", "/models/one", "conventional", "identity", DIFFERENCES),),
    pairs={name: MinimalPair(f"The {name} of them", " is", " are", (4, 5), "any") for name in PAIRS},
    contenders=(GUESS, GOOD, POOR),
    skipped=({"checkpoint": "one", "method": "decompx", "reason": "Not for Llama."},),
    spec={"limit": 8, "unit": "token", "seed": 0, "removal": "delete", "reference": "none"},
    seconds=2.0,
    notes=("A note.",),
)


def row(result: PairsResult, source: str, method: str, measure: str = "mrr") -> dict[str, object]:
    (found,) = [
        one for one in result.rows() if (one["source"], one["method"], one["measure"]) == (source, method, measure)
    ]
    return found


def test_means_are_over_the_pairs_of_a_source_and_of_all() -> None:
    assert [name for name, _ in RESULT.portions()] == [ALL, "agreement", "marked.csv"]
    assert row(RESULT, "agreement", "bcos")["mean"] == pytest.approx(7.5 / 8)
    assert row(RESULT, "marked.csv", "bcos")["mean"] == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    everything = row(RESULT, ALL, "bcos")
    assert (everything["mean"], everything["n"]) == (pytest.approx((7.5 + 25 / 12) / 12), 12)
    assert everything["low"] < everything["mean"] < everything["high"]  # type: ignore[operator]
    alone = replace(RESULT, sources=RESULT.sources[:1])
    assert [name for name, _ in alone.portions()] == ["agreement"]


def test_what_beats_a_random_ranking() -> None:
    assert row(RESULT, "agreement", "bcos")["beats_random"] is True
    assert row(RESULT, "agreement", "saliency")["beats_random"] is False  # 0.2 and 0.3 around 0.25
    assert row(RESULT, "agreement", CHANCE)["beats_random"] is None
    assert row(RESULT, ALL, CHANCE)["mean"] == 0.25 and math.isnan(row(RESULT, ALL, CHANCE)["low"])  # type: ignore[arg-type]
    # Four pairs: no signs of four values are rarer than one in eight.
    assert row(RESULT, "marked.csv", "bcos")["beats_random"] is False


def test_the_share_of_right_words() -> None:
    shares = {one["source"]: (one["mean"], one["n"]) for one in RESULT.preferences()}
    assert shares == {ALL: (10.5 / 12, 12), "agreement": (6.5 / 8, 8), "marked.csv": (1.0, 4)}
    assert [RESULT.speakers[0].preferences[pair] for pair in "fgh"] == [1.0, 0.5, 0.0]
    first = RESULT.preferences()[1]
    # Wilson's interval of 6.5 of 8, by its formula.
    z2 = 1.959963984540054**2
    centre = (6.5 / 8 + z2 / 16) / (1 + z2 / 8)
    assert (first["low"] + first["high"]) / 2 == pytest.approx(centre)


def test_differences_are_paired_and_corrected() -> None:
    rows = [one for one in RESULT.differences("bcos@one") if one["measure"] == "mrr" and one["source"] == ALL]
    assert [one["method"] for one in rows] == [CHANCE, "saliency"]
    gaps = [POOR.values["mrr"][pair] - GOOD.values["mrr"][pair] for pair in PAIRS]
    expected = bootstrap(gaps)
    assert (rows[1]["mean"], rows[1]["low"], rows[1]["high"]) == (expected.mean, expected.low, expected.high)
    assert all(one["p"] <= one["p_holm"] <= 2 * one["p"] for one in rows)
    # Pairs that one of them lacks do not count.
    shorter = replace(RESULT, contenders=(GUESS, GOOD, contender("saliency", 0.5, 0.5)))
    assert shorter.difference(GOOD, shorter.contenders[2], "mrr").n == 2
    assert RESULT.is_better(GOOD, POOR, "mrr") is True and RESULT.is_better(POOR, GOOD, "mrr") is False
    with pytest.raises(InputError, match="No 'lime@one'.*bcos@one"):
        RESULT.differences("lime@one")


def test_lower_is_better_where_a_measure_says_so() -> None:
    """Every measure has the same values here: what is good by the one is poor by the other."""
    assert row(RESULT, "agreement", "bcos", "insertion")["beats_random"] is True
    assert row(RESULT, "agreement", "bcos", "deletion")["beats_random"] is False
    assert RESULT.is_better(POOR, GOOD, "deletion") is True and RESULT.is_better(GOOD, POOR, "deletion") is False
    # A difference is what it says, whichever is better.
    gaps = {one["measure"]: one["mean"] for one in RESULT.differences("bcos@one") if one["method"] == "saliency"}
    assert gaps["deletion"] == gaps["insertion"] < 0


def test_chance_has_an_interval_where_its_ranking_was_drawn() -> None:
    drawn = contender(CHANCE, *[0.2, 0.3] * 6)
    result = replace(RESULT, contenders=(drawn, GOOD))
    assert not math.isnan(row(result, ALL, CHANCE, "deletion")["low"])  # type: ignore[arg-type]
    assert math.isnan(row(result, ALL, CHANCE, "strike")["low"])  # type: ignore[arg-type]


def test_heights_of_two_models_are_not_set_against_each_other() -> None:
    other = replace(RESULT.speakers[0], checkpoint="two")
    both = (GUESS, GOOD, replace(GUESS, checkpoint="two"), replace(GOOD, checkpoint="two"))
    found = replace(RESULT, speakers=(*RESULT.speakers, other), contenders=both).differences("bcos@one")
    compared = {(one["measure"], one["checkpoint"]) for one in found}
    assert {model for measure, model in compared if measure == "strike"} == {"one", "two"}
    assert {model for measure, model in compared if measure in ("deletion", "insertion")} == {"one"}


def test_curves_are_means_over_pairs_at_every_point() -> None:
    heights = {"a": tuple(float(point) for point in range(11)), "b": (4.0,) * 11, "i": (1.0,) * 11}
    drawn = replace(GOOD, curves={"deletion": heights})
    rows = [one for one in replace(RESULT, contenders=(GUESS, drawn)).curves() if one["source"] == "agreement"]
    assert [one["place"] for one in rows] == pytest.approx([point / 10 for point in range(11)])
    assert [one["mean"] for one in rows] == pytest.approx([(point + 4) / 2 for point in range(11)])
    assert {(one["method"], one["measure"], one["n"]) for one in rows} == {("bcos", "deletion", 2)}


def test_a_result_has_the_measures_that_were_asked_for() -> None:
    some = tuple(replace(one, values={name: one.values[name] for name in ("strike", "mrr")}) for one in (GUESS, GOOD))
    result = replace(RESULT, contenders=some)
    assert result.measures == ("mrr", "strike")
    assert {one["measure"] for one in (*result.rows(), *result.differences("bcos@one"))} == {"mrr", "strike"}


def test_a_result_is_kept_whole(tmp_path: Path) -> None:
    save_result(RESULT, tmp_path / "kept")
    assert load_result(tmp_path / "kept") == RESULT
    broken = replace(RESULT, contenders=(GUESS, contender("bcos", float("nan"))))
    with pytest.raises(NotFiniteError):
        save_result(broken, tmp_path / "broken")
    assert not (tmp_path / "broken").exists()


def test_what_is_no_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        load_result(tmp_path / "nowhere")
    save_result(RESULT, tmp_path / "kept")
    file = tmp_path / "kept" / RESULT_FILE
    data = json.loads(file.read_text())
    for change, said in (
        ({"contenders": [data["contenders"][1]]}, "no random ranking"),
        ({"contenders": [*data["contenders"], data["contenders"][0] | {"method": "unheard"}]}, "unheard"),
        ({"contenders": [data["contenders"][0] | {"checkpoint": "two"}]}, "'two'"),
        (
            {"contenders": [data["contenders"][0] | {"values": {"mrr": {}}}, data["contenders"][1]]},
            "has no deletion and no insertion",
        ),
        ({"sources": "agreement"}, "sources"),
        ({"pairs": {name: data["pairs"][name] for name in "abcdefghij"}}, "the text of 2 pairs is missing"),
        ({"pairs": data["pairs"] | {"a": data["pairs"]["a"] | {"good": " "}}}, "nothing to read as its good"),
    ):
        file.write_text(json.dumps(data | change))
        with pytest.raises(InputError, match=said):
            load_result(tmp_path / "kept")


def test_a_share_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    save_result(RESULT, tmp_path / "one")
    file = tmp_path / "one" / RESULT_FILE
    data = json.loads(file.read_text())
    data["contenders"][1]["values"]["top_1"]["a"] = -3.5
    file.write_text(json.dumps(data))
    with pytest.raises(InputError, match="top_1 that are no shares"):
        load_result(tmp_path / "one")
