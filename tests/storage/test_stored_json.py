"""Stored JSON is read as what it should be, or refused in words: whatever was done to the file."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bcos_core.errors import CheckpointError, StorageError
from bcos_core.storage import stored_json
from bcos_core.storage.listing import list_folders
from bcos_core.storage.stored_json import from_plain, read_json, to_json


@dataclass(frozen=True)
class Kept:
    name: str
    size: int = 0
    share: float | None = None
    more: dict[str, Any] | None = None


def read(path: Path) -> Kept:
    return read_json(path, Kept, error=CheckpointError, advice="Make it again.", largest=1 << 20)


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    file.write_text(to_json({"name": "naïve 文 “[{”", "size": 3, "share": 1, "later": [1]}, "It"), encoding="utf-8")
    assert read(file) == Kept("naïve 文 “[{”", 3, 1.0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b'{"name": "cut', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b'{"name": "\xff"}', "not JSON"),
        (b'{"name": "a", "share": NaN}', "not JSON"),
        (b'{"name": "a", "more": {"deep": Infinity}}', "not JSON"),
        (b'{"name": "a", "share": 1e999}', "`share`: number out of range"),
        (b'{"name": "a", "more": {"deep": 1e999}}', "number out of range"),
        (b"[]", "expected `object`, got `array`"),
        (b"null", "expected `object`, got `null`"),
        (b"{}", "missing required field `name`"),
        (b'{"name": 3}', "`name`: expected `str`, got `int`"),
        (b'{"name": "a", "size": true}', "`size`: expected `int`, got `bool`"),
        (b'{"name": "a", "size": 1.5}', "`size`: expected `int`, got `float`"),
        (b'{"name": "a", "size": ' + b"9" * 5000 + b"}", "out of range"),
        (b'{"name": "a", "share": "1"}', "`share`: expected `float | null`, got `str`"),
        (b'{"name": "a", "more": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested 200,001 levels deep"),
        (b'{"unknown": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}", "nested 41 levels deep"),
        (b" " * (1 << 20) + b'{"name": "a"}', "larger than 1.05 MB"),
    ],
    ids=lambda value: None if isinstance(value, str) else value[:30].decode("latin-1"),
)
def test_what_it_should_not_be_is_refused_in_words(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    file.write_bytes(content)
    with pytest.raises(CheckpointError) as refused:
        read(file)
    assert said in str(refused.value) and str(refused.value).endswith("Make it again.")


def test_brackets_in_texts_are_no_levels(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    name = '[{"' * 100 + "\\"
    file.write_text(json.dumps({"name": name}), encoding="utf-8")
    assert read(file).name == name


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "missing", "."):
        with pytest.raises(CheckpointError, match="There is no file"):
            read(tmp_path / name)


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_that_is_not_finite_is_not_written(number: float) -> None:
    with pytest.raises(StorageError, match="The result is not kept: a number in it is not finite"):
        to_json({"loss": [number]}, "The result")


def test_depth_of_a_large_file_is_seen_at_once() -> None:
    content = b"[" + b'{"a": [1, "]]}}"]},' * 200_000 + b"0]"
    assert stored_json._depth(content) == 3


def test_a_list_names_what_it_leaves_out(tmp_path: Path) -> None:
    for name, content in (("b-bad", "{"), ("a-good", '{"name": "a"}'), ("c-good", '{"name": "c"}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kept.json").write_text(content)
    (tmp_path / ".unfinished").mkdir()
    (tmp_path / "notes.txt").write_text("not a folder")
    listing = list_folders(tmp_path, lambda folder: read(folder / "kept.json"))
    assert [kept.name for kept in listing] == ["a", "c"] and len(listing) == 2
    assert [left.name for left in listing.left_out] == ["b-bad"]
    assert "b-bad is left out." in listing.left_out[0].sentence and "not JSON" in listing.left_out[0].reason
    assert len(list_folders(tmp_path / "nowhere", read)) == 0


def test_half_of_a_character_in_a_name_is_refused_in_words() -> None:
    with pytest.raises(StorageError, match=r"This is not as it should be .*half of a character.* Make it again\.$"):
        from_plain({"name": "a", "\udfff": 1}, Kept, error=StorageError, what="This", advice="Make it again.")
