"""Tasks from files of every format: delimiters, line ends, encodings, JSON and Parquet."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from task_files import ROWS, csv_text, json_lines, pairs, refused, write

from bcos_core.errors import DataError
from bcos_core.text.csv_table import CsvTable
from bcos_core.text.files import load_file
from bcos_core.text.preview import preview_file


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_csv_with_any_delimiter_and_line_end(tmp_path: Path, delimiter: str, line_end: str) -> None:
    text = csv_text(delimiter=delimiter).replace("\n", line_end)
    data = load_file(write(tmp_path / "rows.csv", text))
    assert data.title == "rows.csv"
    assert data.labels == ("bad", "good")
    assert pairs(data) == set(ROWS)
    assert data.notes == ()


def test_tsv(tmp_path: Path) -> None:
    text = "text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in ROWS)
    assert pairs(load_file(write(tmp_path / "rows.tsv", text))) == set(ROWS)


def test_quoted_line_breaks_and_quotes_belong_to_the_text(tmp_path: Path) -> None:
    rows = [(f'He said ""no {i}""\nand left', label) for i, (_, label) in enumerate(ROWS)]
    data = load_file(write(tmp_path / "rows.csv", csv_text(rows)))
    assert ('He said "no 3"\nand left', "good") in pairs(data)


def test_words_that_look_like_missing_values_are_texts(tmp_path: Path) -> None:
    data = load_file(write(tmp_path / "rows.csv", csv_text([("NA", "good"), ("null", "bad"), *ROWS])))
    assert {("NA", "good"), ("null", "bad")} <= pairs(data)


def test_bare_carriage_returns_end_records_as_in_old_macs(tmp_path: Path) -> None:
    # Old Macs' line ends, a line feed within a quoted text, and one at the very end.
    content = csv_text([("two\nlines", "good"), *ROWS]).replace("\n", "\r").replace("two\rlines", "two\nlines") + "\n"
    assert pairs(load_file(write(tmp_path / "r.csv", content))) == {("two\nlines", "good"), *ROWS}
    # Quoted, a carriage return belongs to the text, and the lines are counted as an editor counts them.
    content = csv_text([("one\rtext", "good"), *ROWS])
    assert ("one\rtext", "good") in pairs(load_file(write(tmp_path / "r.csv", content)))
    assert [number for number, _ in CsvTable(tmp_path / "r.csv").numbered_rows(())] == list(range(2, 43))


def test_a_table_can_be_gone_through_twice(tmp_path: Path) -> None:
    table = CsvTable(write(tmp_path / "rows.csv", csv_text()))
    assert list(table.rows(("label", "text"))) == [(label, text) for text, label in ROWS]
    assert list(table.rows(("label", "text"))) == [(label, text) for text, label in ROWS]
    assert table.row_count == 40


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8"),
        lambda text: codecs.BOM_UTF8 + text.encode("utf-8"),
        lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
        lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    ],
)
def test_encodings_that_declare_themselves(tmp_path: Path, encode: Any) -> None:
    rows = [(f"Größe 映画 👍🏽 فيلم {i}", label) for i, (_, label) in enumerate(ROWS)]
    assert pairs(load_file(write(tmp_path / "rows.csv", encode(csv_text(rows))))) == set(rows)


def test_json_lines_and_json_lists(tmp_path: Path) -> None:
    objects = [{"id": i, "text": f"A\u2028B {i}", "label": label} for i, (_, label) in enumerate(ROWS)]
    expected = {(f"A\u2028B {i}", label) for i, (_, label) in enumerate(ROWS)}
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in objects)
    for name, content in (
        ("rows.jsonl", lines),
        ("rows.ndjson", lines + "\n\n"),
        ("lines.json", lines),
        ("list.json", json.dumps(objects, indent=1)),
    ):
        assert pairs(load_file(write(tmp_path / name, content))) == expected, name


def test_half_a_surrogate_pair_becomes_the_replacement_character(tmp_path: Path) -> None:
    extra = '{"text": "broken \\ud83d emoji", "label": "a"}\n'
    data = load_file(write(tmp_path / "rows.jsonl", json_lines(["a", "b"] * 10) + extra))
    assert ("broken \ufffd emoji", "a") in pairs(data)


def test_parquet(tmp_path: Path) -> None:
    table = pa.table({"n": range(40), "text": [t for t, _ in ROWS], "label": [name == "good" for _, name in ROWS]})
    pq.write_table(table, tmp_path / "rows.parquet")
    data = load_file(tmp_path / "rows.parquet")
    assert data.labels == ("false", "true")
    assert pairs(data) == {(text, "true" if label == "good" else "false") for text, label in ROWS}


def test_parquet_reads_only_the_columns_asked_for(tmp_path: Path) -> None:
    table = pa.table(
        {"vector": [[0.5] * 8] * 40, "a.b": [t for t, _ in ROWS], "stars": pa.array([1.0, 2.0] * 20, pa.float32())}
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    assert load_file(tmp_path / "rows.parquet", "a.b", "stars").labels == ("1", "2")
    assert "'vector' holds lists, not texts" in refused(tmp_path / "rows.parquet", "vector", "stars")
    assert "For several labels in a list choose the type" in refused(tmp_path / "rows.parquet", "a.b", "vector")


def test_a_bad_time_zone_is_in_nobodys_way(tmp_path: Path) -> None:
    when = pa.array(range(40), pa.timestamp("us", tz="Mars/Olympus"))
    table = pa.table({"text": [t for t, _ in ROWS], "label": [name for _, name in ROWS], "when": when})
    pq.write_table(table, tmp_path / "r.parquet")
    assert pairs(load_file(tmp_path / "r.parquet")) == set(ROWS)
    assert preview_file(tmp_path / "r.parquet").rows[1] == (*ROWS[1], "(cannot be read)")
    assert "cannot be read as Parquet" in refused(tmp_path / "r.parquet", "text", "when")
    pq.write_table(table.select(["when"]), tmp_path / "alone.parquet")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        preview_file(tmp_path / "alone.parquet")
