"""Files of minimal pairs: the shapes that there are, and what is left out of them, by number and reason."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from bcos_core.errors import DataError
from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.minimal_pairs.reading import read_pairs


def write_csv(path: Path, header: list[str], *rows: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def write_lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def of_blimp(prefix: str, good: str, bad: str, **more: Any) -> dict[str, Any]:
    """A row as BLiMP's own files have it."""
    sentences = {"sentence_good": f"{prefix} {good}.", "sentence_bad": f"{prefix} {bad}."}
    words = {"one_prefix_prefix": prefix, "one_prefix_word_good": good, "one_prefix_word_bad": bad}
    return sentences | {"one_prefix_method": True, **words, "UID": "anaphor_gender_agreement", "pairID": "0"} | more


def test_a_csv_file_with_a_column_of_evidence(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "determiners.csv",
        ["", "one_prefix_prefix", "one_prefix_word_good", "one_prefix_word_bad", "target", "target_phrase"],
        ["0", "Raymond is selling this", "sketch", "sketches", "this", ""],
        ["1", "Craig explored that", "grocery store", "grocery stores", "that", ""],
    )
    pairs = read_pairs(path)
    assert not pairs.left_out
    assert list(pairs) == [
        MinimalPair("Raymond is selling this", " sketch", " sketches", (19, 23), "determiners"),
        MinimalPair("Craig explored that grocery", " store", " stores", (15, 19), "determiners"),
    ]


def test_blimps_own_file_has_pairs_without_evidence(tmp_path: Path) -> None:
    rows = [of_blimp("Karla hurt", "herself", "himself")]
    # A paradigm without a common prefix to score after: only its sentences are there.
    rows.append({"sentence_good": "Who did Ann see?", "sentence_bad": "Who did see Ann?", "UID": "wh"})
    assert list(read_pairs(write_lines(tmp_path / "blimp.jsonl", *rows))) == [
        MinimalPair("Karla hurt", " herself", " himself", None, "anaphor_gender_agreement"),
        MinimalPair("Who did", " Ann", " see", None, "wh"),
    ]


def test_rows_that_cannot_be_used_are_left_out_by_number_and_reason(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "marked.jsonl",
        of_blimp("Karla hurt", "herself", "himself", evidence="Karla"),
        of_blimp("Rose hurt", "herself", "himself", evidence="NA"),
        of_blimp("Rose hurt", "herself", "himself"),
        of_blimp("Rose hurt", "herself", "himself", evidence="Karla"),
        of_blimp("Rose hurt", "herself", "himself", evidence="herself"),
        of_blimp("The sister of the sister hurt", "herself", "himself", evidence="sister"),
        {"sentence_good": "Ann left.", "sentence_bad": "Bob left.", "evidence": "left"},
        {"sentence_good": "Ann left.", "sentence_bad": "Ann left.", "evidence": "Ann"},
        {"sentence_good": "Ann left.", "evidence": "Ann"},
        of_blimp("Karla hurt", "herself", "himself", evidence="Karla"),
        of_blimp("Karla hurt", ["herself"], "himself", evidence="Karla"),
        of_blimp("None of them hurt", "herself", "himself", evidence="None"),
    )
    pairs = read_pairs(path)
    assert [pair.prefix for pair in pairs] == ["Karla hurt", "None of them hurt"]
    expected = {
        "Line 2": "names no evidence word",
        "Line 3": "names no evidence word",
        "Line 4": "'Karla' is not in the text before",
        "Line 5": "'herself' stands at the critical word or after it",
        "Line 6": "'sister' stands 2 times",
        "Line 7": "no first word in common",
        "Line 8": "no word in which they differ",
        "Line 9": "neither a prefix with two words nor two sentences",
        "Line 10": "the same as line 1",
        "Line 11": "holds lists",
    }
    assert {one.name: True for one in pairs.left_out} == dict.fromkeys(expected, True)
    for one in pairs.left_out:
        assert expected[one.name] in one.sentence


def test_a_question_that_another_paradigm_asks_too_is_read_once(tmp_path: Path) -> None:
    row = of_blimp("Karla hurt", "herself", "himself")
    pairs = read_pairs(write_lines(tmp_path / "twice.jsonl", row, row | {"UID": "other"}))
    assert [pair.paradigm for pair in pairs] == ["anaphor_gender_agreement"]
    assert [one.sentence for one in pairs.left_out] == ["Line 2 is left out. It is the same as line 1."]


def test_rows_that_contradict_each_other_are_both_left_out(tmp_path: Path) -> None:
    row = of_blimp("Karla hurt", "herself", "himself")
    other = row | {"one_prefix_word_good": "himself", "one_prefix_word_bad": "herself"}
    third = of_blimp("Paul hurt", "himself", "herself")
    pairs = read_pairs(write_lines(tmp_path / "both.jsonl", row, third, other))
    assert [pair.prefix for pair in pairs] == ["Paul hurt"]
    assert [one.sentence for one in pairs.left_out] == [
        "Line 1 is left out. It calls right what line 3 calls wrong.",
        "Line 3 is left out. It calls right what line 1 calls wrong.",
    ]


def test_a_mark_of_byte_order_and_line_ends_of_windows_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "windows.csv"
    path.write_bytes(
        "sentence_good,sentence_bad,evidence\r\n他们的钥匙在这,他们的钥匙在那,钥匙\r\n".encode("utf-8-sig")
    )
    (pair,) = read_pairs(path)
    assert (pair.prefix, pair.good, pair.bad, pair.evidence_word) == ("他们的钥匙在", "这", "那", "钥匙")


def test_evidence_after_the_critical_word_of_a_sentence(tmp_path: Path) -> None:
    row = {
        "sentence_good": "The cats that I saw are old.",
        "sentence_bad": "The cat that I saw are old.",
        "target": "are",
    }
    other = {"sentence_good": "The old cats are here.", "sentence_bad": "The old cat are here.", "target": "old"}
    pairs = read_pairs(write_lines(tmp_path / "two.jsonl", row, other))
    assert [pair.good for pair in pairs] == [" cats"]
    assert [one.name for one in pairs.left_out] == ["Line 1"] and "or after it" in pairs.left_out[0].reason


def test_the_evidence_column_can_be_named(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "named.jsonl", of_blimp("Karla, Rose hurt", "herself", "himself", who="Karla", target="Rose")
    )
    assert read_pairs(path)[0].evidence_word == "Rose"
    assert read_pairs(path, evidence_column="who")[0].evidence_word == "Karla"
    with pytest.raises(DataError, match="has no column 'whom'.*who, target"):
        read_pairs(path, evidence_column="whom")


def test_a_file_without_pairs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="columns text, label.*one_prefix_prefix"):
        read_pairs(write_csv(tmp_path / "reviews.csv", ["text", "label"], ["Fine.", "good"]))
    same = write_csv(tmp_path / "same.csv", ["sentence_good", "sentence_bad"], ["Ann left.", "Ann left."])
    with pytest.raises(DataError, match="no row with a minimal pair.*no word in which they differ"):
        read_pairs(same)
    with pytest.raises(DataError, match="There is no file"):
        read_pairs(tmp_path / "nowhere.csv")
