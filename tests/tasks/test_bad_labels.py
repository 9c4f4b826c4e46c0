"""A label column that does not hold what the type of task says: refused in words, and doing what they say helps."""

from __future__ import annotations

import json
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from bcos_core.errors import DataError
from bcos_core.text.labels import joined_by
from bcos_core.text.tasks import TaskChoice, load_task

ROWS = 240


def choice(folder: Path, labels: list[Any], kind: str | None = None, separator: str | None = None) -> TaskChoice:
    given = cycle(labels)
    file = folder / "rows.jsonl"
    rows = [{"text": f"Sentence no. {number}", "label": next(given)} for number in range(ROWS)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return TaskChoice("file", str(file), type=kind, separator=separator)


def test_floats_under_one_label(tmp_path: Path) -> None:
    for values in ([place / 7 for place in range(60)], [place / 7 for place in range(150)]):  # scarce; too many
        with pytest.raises(DataError, match=r"look like measured numbers.*“A score” .*--task-type regression"):
            load_task(choice(tmp_path, values))
        assert load_task(choice(tmp_path, values, "regression")).type == "regression"


def test_a_list_under_one_label(tmp_path: Path) -> None:
    values = [["rude"], ["rude", "toxic"], []]
    with pytest.raises(DataError, match=r"holds lists.*“Several labels” .*--task-type multi-label"):
        load_task(choice(tmp_path, values))
    assert load_task(choice(tmp_path, values, "multi-label")).labels == ("rude", "toxic")


@pytest.mark.parametrize("sign", [";", "|", ",", "/"])
def test_several_labels_in_one_cell_under_one_label(sign: str, tmp_path: Path) -> None:
    few = ["rude", "toxic", f"rude{sign} toxic", *["rude"] * 60]  # of the last kinds too few texts
    tags = [f"tag {number}" for number in range(15)]
    many = [f"{one}{sign}{other}" for one in tags for other in tags if one < other]  # 105 of them
    for values in (few, many):
        with pytest.raises(DataError, match=rf"several in one cell, with '\{sign}' between .*--label-separator"):
            load_task(choice(tmp_path, values))
    found = load_task(choice(tmp_path, few, "multi-label", sign))
    assert found.labels == ("rude", "toxic")


def test_signs_that_are_part_of_a_name(tmp_path: Path) -> None:
    assert joined_by(["Sci/Tech", "World", "Sports", "Business"]) is None
    assert joined_by(["sport; football", "sport; tennis", "news; politics"]) is None
    assert joined_by(["a", "b", "a;b"]) == ";" and joined_by(["a", "b"]) is None
    assert load_task(choice(tmp_path, ["Sci/Tech", "World"])).labels == ("Sci/Tech", "World")


@pytest.mark.parametrize("value", ["four stars", "5/5", "", None, [4], {"stars": 4}, True])
def test_a_score_that_is_no_number(value: Any, tmp_path: Path) -> None:
    values = [1, 2.5, "3", value]
    if value in ("", None):  # nothing was said: the row is left out, and counted
        assert load_task(choice(tmp_path, values, "regression")).notes[0].endswith(f"empty: {ROWS // 4}.")
        return
    with pytest.raises(DataError, match="'label' holds .* no number"):
        load_task(choice(tmp_path, values, "regression"))


def test_objects_are_no_labels_of_any_kind(tmp_path: Path) -> None:
    for kind in (None, "multi-label", "regression"):
        with pytest.raises(DataError, match="'label' holds"):
            load_task(choice(tmp_path, [{"name": "rude"}, {"name": "toxic"}], kind))


@pytest.mark.parametrize("kind", [None, "regression"])
def test_a_separator_where_there_is_one_label(kind: str | None, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"separator ';' .* tasks of the type multi-label"):
        choice(tmp_path, ["a", "b"], kind, ";")
