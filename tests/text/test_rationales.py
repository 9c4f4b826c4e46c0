"""Rationales: the three forms, of one person and of several, in every kind of file, and every way to be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bcos_core.errors import DataError
from bcos_core.text.files import load_file
from bcos_core.text.rationales import read_rationales
from bcos_core.text.tasks import TaskChoice, load_task

TEXT = "A dull film, so dull it hurts"


def people(value: object, text: str = TEXT) -> list[list[str]]:
    return [[text.strip()[a:b] for a, b in spans] for spans in read_rationales(value, text, "why", "row 3")]


def named(value: object, text: str = TEXT) -> list[str]:
    found = people(value, text)
    assert len(found) <= 1
    return found[0] if found else []


def spans(value: object, text: str) -> tuple[tuple[int, int], ...]:
    (only,) = read_rationales(value, text, "why", "row 1")
    return only


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([0, 1, 0, 0, 1, 0, 0], ["dull", "dull"]),
        ("[0, 0, 1, 0, 0, 0, 1]", ["film,", "hurts"]),  # as CSV has it; a word is what stands between white space
        ([True, False, False, False, False, False, 0.0], ["A"]),
        ([[2, 6], [21, 23]], ["dull", "it"]),
        ("[[2, 11]]", ["dull film"]),
        ("so dull", ["so dull"]),
        (["so  dull", "hurts"], ["so dull", "hurts"]),
        ('["film,"]', ["film,"]),
        ("dull", ["dull", "dull"]),
        (None, []),
        (float("nan"), []),
        ("", []),
        ("  ", []),
        ([], []),
        ("[]", []),
        ([0] * 7, []),
    ],
)
def test_every_form(value: object, expected: list[str]) -> None:
    assert named(value) == expected


def test_positions_are_those_of_the_text_without_white_space_around_it() -> None:
    assert named([[3, 7]], "  A dull film \n") == [" dul"]
    assert spans([[4, 8]], "  A dull film \n") == ((2, 6),)
    assert spans([[0, 15]], "  A dull film \n") == ((0, 11),)
    assert spans([[0, 2], [13, 15]], "  A dull film \n") == ()
    assert spans([0, 1, 0], "  A dull film \n") == ((2, 6),)
    assert spans("dull", "  A dull film \n") == ((2, 6),)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([[0, 1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0, 1]], [["dull", "dull"], ["hurts"]]),
        ("[[0, 1, 0, 0, 1, 0, 0], []]", [["dull", "dull"], []]),
        ([[[2, 6], [21, 23]], [], [[2, 11]]], [["dull", "it"], [], ["dull film"]]),
        ("[[[2, 6]], [[2, 11]]]", [["dull"], ["dull film"]]),
        ([["so  dull", "hurts"], ["hurts"]], [["so dull", "hurts"], ["hurts"]]),
        ([[], []], [[], []]),
        ([["hurts"]], [["hurts"]]),
    ],
)
def test_what_several_people_named(value: object, expected: list[list[str]]) -> None:
    assert people(value) == expected


def test_of_two_words_marks_and_spans_are_told_apart_or_refused() -> None:
    assert people([[0, 1], [1, 1]], "so dull") == [["dull"], ["so", "dull"]]
    assert people([[0, 2], [3, 7]], "so dull") == [["so", "dull"]]
    assert people([[[0, 1]]], "I see") == [["I"]]
    assert people([[0, 1]], "I see it") == [["I"]]  # three words have three marks
    with pytest.raises(DataError, match=r"can be marks for two words or spans of characters.*\[\[\[0, 1\]\]\]"):
        people([[0, 1], [0, 1]], "I see")


def test_quotes_are_of_whole_words_and_over_line_breaks() -> None:
    assert named("art", "A party of art lovers, part of the art.") == ["art", "art"]
    assert named("never ends", "it never\n  ends") == ["never\n  ends"]
    assert named("[sic] good", "so [sic] good") == ["[sic] good"]
    assert named("!", "No! No!") == ["!", "!"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 0], "2 marks for 7 words"),
        ("[1, 0]", "2 marks for 7 words"),
        ([[2, 40]], "span 2 to 40 is not in the text, which has 29 characters"),
        ([[6, 2]], "span 6 to 2"),
        ([[-1, 2]], "span -1 to 2"),
        ("not there", "'not there' does not stand in the text"),
        ("0 1 0", "does not stand in the text. Expected a 0 or 1 for each word"),
        ([0, 1, 2, 0, 0, 0, 0], "is no rationale. Expected"),
        ([[1, 2, 3]], "is no rationale"),
        (["dull", 1], "is no rationale"),
        ([[0, 1, 0, 0, 1, 0, 0], [1]], "1 marks for 7 words"),
        ([[[2, 6]], [[2, 40]]], "span 2 to 40 is not in the text"),
        ([["dull"], "dull"], "is no rationale. Expected a 0 or 1 for each word"),
        ([[[2, 6]], [2, 6]], "is no rationale"),
        ({"spans": []}, "is no rationale"),
        (7, "is no rationale"),
    ],
)
def test_what_is_wrong_is_said_with_its_row(value: object, message: str) -> None:
    with pytest.raises(DataError, match=r"The column 'why', row 3: ") as raised:
        named(value)
    assert message in str(raised.value)


def rows() -> list[dict[str, Any]]:
    return [
        {"text": f"film {i} is {'fine' if i % 2 else 'dull'}", "label": i % 2, "why": [0, 0, 0, int(i % 4 < 2)]}
        for i in range(40)
    ]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json", "parquet"])
def test_files_of_every_kind(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rows.{ending}"
    if ending == "csv":
        lines = [f'{row["text"]},{row["label"]},"{json.dumps(row["why"])}"' for row in rows()]
        path.write_text("text,label,why\n" + "\n".join(lines))
    elif ending == "jsonl":
        path.write_text("\n".join(map(json.dumps, rows())))
    elif ending == "json":
        path.write_text(json.dumps(rows()))
    else:
        pq.write_table(pa.Table.from_pylist(rows()), path)
    data = load_file(path, rationale_column="why")
    found = {text: [text[start:end] for start, end in one] for text, (one,) in data.rationales.items()}
    assert found == {row["text"]: [row["text"][-4:]] for row in rows() if row["why"][-1]}
    assert "Texts with a rationale: 20." in data.notes
    assert load_file(path).rationales == {} and not load_file(path).notes


def test_the_row_of_a_bad_rationale_is_counted_from_the_first_text(tmp_path: Path) -> None:
    broken = rows()
    broken[16]["why"] = [1]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, broken)))
    with pytest.raises(DataError, match="The column 'why', line 17: 1 marks for 4 words"):
        load_file(tmp_path / "rows.jsonl", rationale_column="why")


def test_of_a_repeated_text_the_first_rationale_counts(tmp_path: Path) -> None:
    twice = [*rows(), {"text": "film 1 is fine", "label": 1, "why": "film"}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, twice)))
    assert load_file(tmp_path / "rows.jsonl", rationale_column="why").rationales["film 1 is fine"] == (((10, 14),),)


def test_the_column_is_chosen_with_the_task(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    # Were it not set apart, "review" would be guessed to hold the texts.
    path.write_text("\n".join(json.dumps({"review": row["why"], **row}) for row in rows()))
    choice = TaskChoice.parse(str(path), rationale_column="review")
    assert TaskChoice.from_dict(json.loads(json.dumps(choice.to_dict()))) == choice
    assert choice.columns == {"rationale-column": "review"}
    assert len(load_task(choice).rationales) == 20
    for wrong, message in (("nothing", "no column 'nothing'"), ("text", "both the text and the rationale")):
        with pytest.raises(DataError, match=message):
            load_task(TaskChoice("file", str(path), "text", "label", rationale_column=wrong))
    with pytest.raises(DataError, match="both the label and the rationale"):
        TaskChoice("file", str(path), "text", "label", rationale_column="label")
    with pytest.raises(DataError, match="no columns to choose"):
        TaskChoice("embedded", "tweets", rationale_column="why")
