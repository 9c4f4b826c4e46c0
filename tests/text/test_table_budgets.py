"""Small files that hold huge tables are refused while they are read, before what they hold is allocated."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bcos_core.errors import DataError
from bcos_core.text.files import load_file, open_table
from bcos_core.text.preview import preview_file
from bcos_core.text.table import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_ROW_CHARACTERS, MAX_ROWS


@contextmanager
def cheaply() -> Iterator[None]:
    """What is done within takes seconds of this process, and less than 300 MB of Arrow's memory."""
    pool = pa.default_memory_pool()
    before, started = pool.bytes_allocated(), time.process_time()
    yield
    assert time.process_time() - started < 20
    # The most that was ever allocated in this process: other tests use less.
    assert pool.max_memory() is None or pool.max_memory() - before < 300e6


def refused(path: Path, content: bytes | None = None) -> str:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        preview_file(path)
    with pytest.raises(DataError):
        load_file(path, "text", "label")
    return str(caught.value)


def test_a_text_repeated_in_parquet_is_counted_before_it_is_spelled_out(tmp_path: Path) -> None:
    """968 bytes in the file, 50 GB spelled out."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 50_000, pa.int32()), pa.array(["x" * 1_000_000]))
    table = pa.table({"text": texts.cast(pa.dictionary(pa.int32(), pa.string())), "label": ["a", "b"] * 25_000})
    path = tmp_path / "rows.parquet"
    pq.write_table(table, path, store_schema=False, compression="zstd", dictionary_pagesize_limit=10_000_000)
    assert path.stat().st_size < 100_000
    with cheaply():
        assert [row[1] for row in preview_file(path).rows[:3]] == ["a", "b", "a"], "the other column is shown"
        with pytest.raises(DataError, match="unpacks to more than 400 million characters"):
            load_file(path, "text", "label")


def test_texts_within_lists_count_too(tmp_path: Path) -> None:
    text = pa.DictionaryArray.from_arrays(
        pa.array([0] * 4_000, pa.int32()), pa.array(["x" * 1_000_000], pa.large_string())
    )
    table = pa.table({"why": pa.ListArray.from_arrays(pa.array(range(4_001), pa.int32()), text)})
    path = tmp_path / "rows.parquet"
    pq.write_table(table, path, dictionary_pagesize_limit=10_000_000, compression="zstd")
    with cheaply(), pytest.raises(DataError, match="unpacks to"):
        list(open_table(path).rows(("why",)))


def test_parquet_texts_of_every_kind_read_the_same(tmp_path: Path) -> None:
    words = ["one", None, "two", "one"]
    columns = {
        "plain": pa.array(words),
        "large": pa.array(words, pa.large_string()),
        "coded": pa.array(words).dictionary_encode(),
        "bytes": pa.array([None if word is None else word.encode() for word in words], pa.binary()),
        "list": pa.array([[word] if word else None for word in words]),
        "object": pa.array([{"a": word} for word in words]),
        "a.b": pa.array([1, 2, None, 4]),
    }
    path = tmp_path / "rows.parquet"
    for dictionary in (True, False):
        pq.write_table(pa.table(columns), path, use_dictionary=dictionary, row_group_size=3)
        table = open_table(path)
        assert table.columns == tuple(columns)
        for name, array in columns.items():
            assert [cell for (cell,) in table.rows((name,))] == array.to_pylist(), name
        assert [cells[0] for cells in table.rows(tuple(columns))] == words


def test_columns_are_counted(tmp_path: Path) -> None:
    names = [f"c{place}" for place in range(200_000)]
    with cheaply():
        said = refused(tmp_path / "rows.csv", (",".join(names) + "\n" + ",".join("1" * len(names))).encode())
        assert "rows.csv has 200,000 columns; at most 1,000" in said
        said = refused(tmp_path / "rows.jsonl", "\n".join(json.dumps({name: 1}) for name in names).encode())
        assert "has 1,001 columns; at most 1,000" in said
    pq.write_table(pa.table({name: [1] for name in names[: MAX_COLUMNS + 1]}), tmp_path / "rows.parquet")
    assert "has 1,001 columns" in refused(tmp_path / "rows.parquet")
    pq.write_table(pa.table({name: [1] for name in names[:MAX_COLUMNS]}), tmp_path / "rows.parquet")
    assert len(preview_file(tmp_path / "rows.parquet").columns) == MAX_COLUMNS


def test_fields_within_objects_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"text": [{f"f{place}": "x" for place in range(20_000)}], "label": ["a"]}), path)
    with cheaply():
        assert "has 20,001 fields" in refused(path)


def test_a_parquet_footer_is_looked_at_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    footer = 20_000_000
    with path.open("wb") as file:
        file.truncate(footer + 8)
        file.seek(footer)
        file.write(footer.to_bytes(4, "little") + b"PAR1")
    assert "their description alone has 20 MB" in refused(path)


@pytest.mark.parametrize("line", [b"\n", b"\r", b"\r\n", b" \n"])
@pytest.mark.parametrize("ending", ["csv", "jsonl", "json"])
def test_blank_lines_are_counted(tmp_path: Path, ending: str, line: bytes) -> None:
    with cheaply():
        said = refused(tmp_path / f"rows.{ending}", line * (MAX_ROWS + 1))
    assert "has 2,000,001 lines; at most 2,000,000" in said


def test_nearly_as_many_blank_lines_are_passed_over(tmp_path: Path) -> None:
    blank = b"\r\n" * (MAX_ROWS - 10)
    (tmp_path / "rows.csv").write_bytes(blank + b"text,label\n" + b"fine,a\n\n")
    (tmp_path / "rows.jsonl").write_bytes(blank + b'{"text": "fine", "label": "a"}\n')
    with cheaply():
        for name, line in (("rows.csv", MAX_ROWS - 8), ("rows.jsonl", MAX_ROWS - 9)):
            table = open_table(tmp_path / name)
            assert list(table.numbered_rows(("label", "text"))) == [(line, ("a", "fine"))]


def test_a_row_is_counted(tmp_path: Path) -> None:
    much = MAX_ROW_CHARACTERS + 1
    with cheaply():
        assert "the row that begins in line 2, has more than" in refused(
            tmp_path / "rows.csv", b"text,label\n" + b"," * much
        )
        assert "line 2, has more than 4,000,000" in refused(tmp_path / "rows.jsonl", b'\n{"a":"' + b"x" * much + b'"}')
        assert "begins in line 1, has more than" in refused(tmp_path / "rows.json", b'[{"a":"' + b"x" * much + b'"}]')
        lists = b'[{"a":[' + b"[]," * much + b"[]]}]"
        assert "begins in line 1, has more than" in refused(tmp_path / "rows.json", lists)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json", "parquet"])
def test_a_text_is_counted_and_there_is_a_way_out(tmp_path: Path, ending: str) -> None:
    rows = [{"text": f"Sentence {place}", "label": "ab"[place % 2]} for place in range(40)]

    def write() -> Path:
        path = tmp_path / f"rows.{ending}"
        if ending == "csv":
            path.write_text("text,label\n" + "".join(f"{row['text']},{row['label']}\n" for row in rows))
        elif ending == "parquet":
            pq.write_table(pa.Table.from_pylist(rows), path)
        else:
            path.write_text("\n".join(map(json.dumps, rows)) if ending == "jsonl" else json.dumps(rows))
        return path

    rows[5]["text"] = "a" * 200_000
    assert any(len(text) == 200_000 for text in load_file(write()).train.texts + load_file(write()).test.texts)
    rows[5]["text"] = "a" * (MAX_CELL_CHARACTERS + 1)
    with pytest.raises(DataError, match=r"(line 7|row 6|line 6|item 6).* more than 1,000,000 characters.*Cut\s+it"):
        load_file(write())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"text": ' + "[" * 500 + "]" * 500 + "}]", "item 1: the value of 'text' is nested deeper than 50"),
        ('[{"text": ' + "[" * 100_000, "nested too deep"),
        ('[{"text": "a"},\n{"text": ' + '{"a":' * 100_000, "row that begins in line 2.*nested too deep"),
        ('[{"text": "a"},\n {"label": ' + "9" * 5_000 + "}]", "row that begins in line 2.*thousands of digits"),
        ('{"text": "a"}\n{"label": -' + "9" * 5_000 + "}", "row that begins in line 2.*thousands of digits"),
    ],
)
def test_deep_nesting_and_huge_numbers(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "rows.json").write_text(content)
    with pytest.raises(DataError, match=said):
        preview_file(tmp_path / "rows.json")


def test_a_list_longer_than_a_stretch_is_read_whole(tmp_path: Path) -> None:
    """Objects that lie across the places where the text is cut for reading."""
    rows = [{"n": place, "text": "x" * 30_011} for place in range(800)]
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows, indent=1))
    assert path.stat().st_size > 2 * MAX_ROW_CHARACTERS
    assert [cell for (cell,) in open_table(path).rows(("n",))] == list(range(800))
    path.write_text(json.dumps(rows, indent=1)[:-40] + "\n@")
    with pytest.raises(DataError, match="line 3201, column 11: not JSON|Unterminated|not JSON"):
        open_table(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"a": 1} {"a": 2}]', "line 1, column 11: not JSON .Expecting ',' delimiter"),
        ('[{"a": 1},\n]', "line 2, column 1: not JSON"),
        ('[{"a": 1}', "line 1, column 10: not JSON"),
        ('[{"a": 1}]\n[', "line 2, column 1: not JSON .Extra data"),
        ('\n\n  {"a": 1} x\n', "line 3, column 12: not JSON .Extra data"),
        ('{"a": 1}\n\n  {"a": oops}\n', "line 3, column 9: not JSON"),
        ("[1e5]", "item 1: a number"),
        ("12", "holds a number"),
        ("[", "not JSON"),
    ],
)
def test_where_json_is_malformed(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "rows.json").write_text(content)
    with pytest.raises(DataError, match=said):
        open_table(tmp_path / "rows.json")


@pytest.mark.parametrize(
    ("ending", "content"),
    [
        ("csv", '"' * 200_000 + "\n"),
        ("csv", "n" * 5_000 + ",label\na,b\n"),
        ("jsonl", json.dumps({"n" * 5_000: "a", "label": "b"})),
    ],
)
def test_names_of_columns_are_short(tmp_path: Path, ending: str, content: str) -> None:
    said = refused(tmp_path / f"rows.{ending}", content.encode())
    assert "name has" in said and len(said) < 400


def test_values_within_lists_are_counted_before_they_are_read(tmp_path: Path) -> None:
    """20 million values in a few kilobytes."""
    path = tmp_path / "rows.parquet"
    lists = pa.ListArray.from_arrays(pa.array(range(0, 20_000_001, 100_000), pa.int32()), pa.array(["x"] * 20_000_000))
    pq.write_table(pa.table({"text": ["a", "b"] * 100, "lists": lists}), path)
    assert path.stat().st_size < 100_000
    with cheaply():
        assert preview_file(path).rows[0] == ("a", "(cannot be read)")
        with pytest.raises(DataError, match="20,000,000 values"):
            load_file(path, "lists", "text")
