"""Every way in which a file can be no table: too large, empty, cut, in another encoding, a pickle."""

from __future__ import annotations

import codecs
import os
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from task_files import csv_text, json_lines, refused, write

from bcos_core.text import parquet_table
from bcos_core.text.table import MAX_FILE_BYTES


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(200_000_000)  # sparse: takes no space
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail("the file was read"))
    assert "200 MB; at most 100 MB" in refused(path)
    assert MAX_FILE_BYTES == 100_000_000


def test_a_parquet_file_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(pa.table({"text": ["a"] * 1000, "label": [1] * 1000}), tmp_path / "rows.parquet")
    monkeypatch.setattr(parquet_table, "MAX_ROWS", 999)
    assert "1,000 rows; at most" in refused(tmp_path / "rows.parquet")


@pytest.mark.parametrize("name", ["empty.csv", "empty.jsonl", "empty.parquet", "empty.json"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    assert f"{name} is empty" in refused(write(tmp_path / name, b""))


@pytest.mark.parametrize(
    "name, content, said",
    [
        ("blank.csv", "\n\n", "no lines with content"),
        ("blank.jsonl", "\n \n", "no rows with content"),
        ("none.json", "[]", "no rows with content"),
    ],
)
def test_a_file_without_content(tmp_path: Path, name: str, content: str, said: str) -> None:
    assert said in refused(write(tmp_path / name, content))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert "no file" in refused(tmp_path / "nowhere.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "folder.csv holds no data set that is known" in refused(tmp_path / "folder.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", csv_text())
    path.chmod(0)
    assert "cannot be read: Permission denied" in refused(path)


@pytest.mark.parametrize("ending", [".pkl", ".pickle", ".pt", ".xlsx", ".txt", ""])
def test_unsupported_endings_list_the_supported_ones(tmp_path: Path, ending: str) -> None:
    message = refused(write(tmp_path / f"rows{ending}", "text,label"))
    assert ".csv, .tsv, .jsonl, .ndjson, .json, .parquet" in message
    assert "Pickles (.pkl, .pickle, .pt) are never read" in message


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("a pickle was loaded",)


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".json", ".parquet"])
def test_a_pickle_under_another_ending_is_never_loaded(tmp_path: Path, ending: str) -> None:
    refused(write(tmp_path / f"rows{ending}", pickle.dumps(Trap())))


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_a_wrong_encoding_names_the_byte(tmp_path: Path, name: str) -> None:
    message = refused(write(tmp_path / name, b"text,label\nGr" + "öße".encode("cp1252")))
    assert "not UTF-8 text: the byte 0xF6 at position 13" in message
    assert "CSV UTF-8" in message and "iconv" in message


def test_utf_16_without_a_mark_is_told(tmp_path: Path) -> None:
    assert "zero byte at character 1" in refused(write(tmp_path / "r.csv", csv_text().encode("utf-16-le")))


def test_a_cut_utf_16_file(tmp_path: Path) -> None:
    assert "not UTF-16 text" in refused(write(tmp_path / "r.csv", codecs.BOM_UTF16_LE + b"t\0e\0x"))


def test_malformed_json_names_the_line(tmp_path: Path) -> None:
    good = json_lines(["a", "b"])
    assert "r.jsonl, line 3, column 10: not JSON" in refused(write(tmp_path / "r.jsonl", good + '{"text": oops}'))
    assert "line 3: a list; expected one object per row" in refused(write(tmp_path / "r.jsonl", good + "[1, 2]"))
    assert "line 2, column 1: not JSON" in refused(write(tmp_path / "r.json", '[{"text": "a"},\nx]'))
    assert "item 2: a number" in refused(write(tmp_path / "r.json", '[{"text": "a"}, 2]'))
    assert "holds a string" in refused(write(tmp_path / "r.json", '"text"'))
    assert "cannot be read" in refused(write(tmp_path / "r.json", "[" * 100_000))


def test_malformed_csv_names_the_line(tmp_path: Path) -> None:
    assert "line 4: 3 fields, but the header has 2" in refused(
        write(tmp_path / "r.csv", 'text,label\n"a\nb",x\nc, d,y\n' + csv_text()[11:])
    )
    assert "begins in line 3" in refused(write(tmp_path / "r.csv", 'text,label\na,x\n"b,y\nc,x\n'))


def test_a_bare_carriage_return_in_a_text_is_not_blamed_on_quotes(tmp_path: Path) -> None:
    for torn in ("one\rtext,good", "one text,go\rod"):
        message = refused(write(tmp_path / "r.csv", csv_text() + torn + "\n" + csv_text()[11:]))
        assert "line 42: 1 fields" in message and "bare carriage return" in message
        assert "not closed" not in message


def test_a_csv_field_beyond_all_reason(tmp_path: Path) -> None:
    message = refused(write(tmp_path / "r.csv", f"text,label\n{'a' * 1_000_001},x\n"))
    assert "begins in line 2: a text has more than 1,000,000 characters" in message and "Cut it" in message


def test_not_a_parquet_file(tmp_path: Path) -> None:
    assert "cannot be read as Parquet" in refused(write(tmp_path / "r.parquet", csv_text()))
    pq.write_table(pa.table({"text": ["a"] * 5000, "label": ["x"] * 5000}), tmp_path / "cut.parquet")
    whole = (tmp_path / "cut.parquet").read_bytes()
    assert "cannot be read as Parquet" in refused(write(tmp_path / "cut.parquet", whole[: len(whole) // 2]))
