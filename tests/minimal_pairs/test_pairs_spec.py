"""What may be asked, and that the same work on the same content has the same key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bcos_core.errors import DataError, InputError, UnknownNameError
from bcos_core.minimal_pairs.paradigms import PARADIGMS
from bcos_core.minimal_pairs.sources import draw_pairs
from bcos_core.minimal_pairs.spec import PairsSpec, find_source, source_name

FILE = """sentence_good,sentence_bad,evidence
The cats sleep.,The cats sleeps.,cats
The cat sleeps.,The cat sleep.,cat
The dogs run.,The dogs runs.,dogs
The dog runs.,The dog run.,bird
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    path.write_text(FILE, encoding="utf-8")
    return path


def spec(**given: Any) -> PairsSpec:
    return PairsSpec(**{"checkpoints": ("one",), "sources": ("ioi",), "methods": ("bcos",)} | given)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"checkpoints": ()}, InputError, "No language model"),
        ({"sources": ()}, InputError, "No file or paradigm"),
        ({"methods": ("bcos", "bcos")}, InputError, "A method was given twice"),
        ({"sources": ("a/pairs.csv", "b/pairs.csv")}, InputError, "the same name"),
        ({"methods": ("magic",)}, UnknownNameError, "magic"),
        ({"options": {"bcos": {"depth": 1}}}, UnknownNameError, "depth"),
        ({"limit": 0}, InputError, "limit is 0"),
        ({"unit": "sentence"}, InputError, "unit is 'sentence'; expected one of token, word"),
        ({"reference": "zero"}, InputError, "reference is 'zero'; expected one of none, mask, pad"),
        ({"measures": ()}, InputError, "No score"),
        ({"measures": ("mrr", "mrr")}, InputError, "A score was given twice"),
        ({"measures": ("seqpg",)}, UnknownNameError, "seqpg.*mrr"),
        ({"removal": "burn"}, InputError, "removal is 'burn'; expected one of usual, mask, pad, delete, hide"),
    ],
)
def test_what_cannot_be_asked_is_refused(given: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        spec(**given)


def test_chance_is_always_asked_and_first() -> None:
    assert spec(methods=("bcos", "occlusion")).contenders == ("random", "bcos", "occlusion")
    assert spec(methods=("bcos", "random")).contenders == ("random", "bcos")


def test_a_source_is_a_paradigm_or_a_file(file: Path) -> None:
    assert find_source("ioi") == "ioi" and source_name("ioi") == "ioi"
    assert find_source(str(file)) == str(file.resolve()) and source_name(str(file)) == "own.csv"
    with pytest.raises(DataError, match="no file of minimal pairs and no built-in paradigm.*agreement"):
        find_source("nowhere.csv")


def test_another_content_of_the_file_is_other_work(file: Path) -> None:
    asked = spec(sources=(str(file),))
    before = asked.key
    assert before == spec(sources=(str(file),)).key
    for change in ({"unit": "word"}, {"removal": "hide"}, {"reference": "pad"}, {"measures": ("mrr",)}):
        assert before != spec(sources=(str(file),), **change).key
    file.write_text(FILE.replace("cats", "lions"), encoding="utf-8")
    assert asked.key != before
    file.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        _ = asked.key


def test_pairs_of_a_file_are_drawn_in_its_order_and_the_same_by_a_seed(file: Path) -> None:
    everything = draw_pairs(str(file), 10, 0, ())
    assert [pair.evidence_word for pair in everything.pairs] == ["cats", "cat", "dogs"]
    assert [one.name for one in everything.left_out] == ["Line 5"] and everything.name == "own.csv"
    seeds = {tuple(pair.evidence_word for pair in draw_pairs(str(file), 2, seed, ()).pairs) for seed in range(20)}
    assert seeds == {("cats", "cat"), ("cats", "dogs"), ("cat", "dogs")}


@pytest.mark.parametrize("name", list(PARADIGMS))
def test_pairs_of_a_paradigm_have_its_name(name: str) -> None:
    drawn = draw_pairs(name, 4, 0, ())
    assert drawn.name == name and {pair.paradigm for pair in drawn.pairs} == {name} and len(drawn.pairs) == 4
