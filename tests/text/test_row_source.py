"""Data sets as streams of rows: what each kind of file gives, from any row on, and what is refused in words."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import HfApi

from bcos_core.errors import BcosError, DataError, InputError, PathNotAllowedError
from bcos_core.home import Home
from bcos_core.text import hub, parquet_file
from bcos_core.text.files import open_table
from bcos_core.text.row_source import RowSource, open_rows
from bcos_core.text.rows import Rows
from tests.text.test_parquet_footer import contradicting

ROWS: list[dict[str, Any]] = [
    {"id": str(n), "text": f"Text {n}, with “quotes”,\nlines; and ünïcode", "label": "ab"[n % 2]} for n in range(2_500)
]


def opened(path: Path, content: bytes | None = None) -> Rows:
    if content is not None:
        path.write_bytes(content)
    return open_rows(RowSource("file", str(path)))


def csv_of(delimiter: str = ",", end: str = "\n") -> bytes:
    lines = [delimiter.join(ROWS[0]), *(delimiter.join(f'"{cell}"' for cell in row.values()) for row in ROWS)]
    return (end.join(lines) + end).encode()


def parquet_of(rows: list[dict[str, Any]], path: Path, **options: Any) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path, **options)
    return path


JSON_LINES = "".join(json.dumps(row) + "\n\n" for row in ROWS).encode()
CONTENTS: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    "comma": ("a.csv", lambda path: csv_of()),
    "semicolon": ("a.csv", lambda path: csv_of(";")),
    "tab": ("a.tsv", lambda path: csv_of("\t")),
    "Windows": ("a.csv", lambda path: csv_of(end="\r\n")),
    "old Mac": ("a.csv", lambda path: csv_of(end="\r")),
    "byte order mark": ("a.csv", lambda path: codecs.BOM_UTF8 + csv_of()),
    "UTF-16": ("a.csv", lambda path: csv_of().decode().encode("utf-16")),
    "JSON lines": ("a.jsonl", lambda path: JSON_LINES),
    "JSON lines of Windows": ("a.ndjson", lambda path: codecs.BOM_UTF8 + JSON_LINES.replace(b"\n", b"\r\n")),
    "JSON": ("a.json", lambda path: json.dumps(ROWS).encode()),
    "Parquet": ("a.parquet", lambda path: parquet_of(ROWS, path).read_bytes()),
    "row groups": ("a.parquet", lambda path: parquet_of(ROWS, path, row_group_size=700).read_bytes()),
    "no dictionary": ("a.parquet", lambda path: parquet_of(ROWS, path, use_dictionary=False).read_bytes()),
}


@pytest.mark.parametrize("how", CONTENTS)
def test_every_kind_of_file_gives_its_rows_from_any_one_on(tmp_path: Path, how: str) -> None:
    name, content = CONTENTS[how]
    rows = opened(tmp_path / name, content(tmp_path / name))
    assert rows.columns == ("id", "text", "label") and rows.count == len(ROWS)
    wanted = [(row["label"], row["text"]) for row in ROWS]
    for start in (0, 1, 699, 700, 1_024, 2_499, 2_500, 9_000):
        assert list(rows.cells(("label", "text"), start)) == wanted[start:]
    assert list(open_table(tmp_path / name).rows(("label", "text"))) == wanted
    rows.require_unchanged()
    (tmp_path / name).write_bytes(content(tmp_path / name))
    assert opened(tmp_path / name).fingerprint == rows.fingerprint
    with pytest.raises(DataError, match=f"{name} was changed while it was read"):
        rows.require_unchanged()


def test_a_file_that_is_gone_has_changed(tmp_path: Path) -> None:
    rows = opened(tmp_path / "a.csv", csv_of())
    (tmp_path / "a.csv").unlink()
    with pytest.raises(DataError, match="was changed"):
        rows.require_unchanged()


CELL = "x" * 1_000_001
REFUSED: dict[str, tuple[str, bytes, str]] = {
    "nothing": ("a.csv", b"", "is empty"),
    "blank lines": ("a.csv", b"\n\n\n", "no lines with content"),
    "no rows": ("a.jsonl", b"\n \n", "has no rows"),
    "another encoding": ("a.csv", "text\nKäse\n".encode("latin-1"), "is not UTF-8 text.*iconv"),
    "mixed encodings": ("a.csv", "text\nKäse\n".encode() * 3_000 + b"K\xe4se\n", "is not UTF-8 text.*iconv"),
    "a zero byte": ("a.csv", b"text\na\0b\n", "line 2 has a zero byte"),
    "a zero byte in JSON": ("a.jsonl", b'{"text": "a"}\n\0\n', "line 2 has a zero byte"),
    "UTF-16 without a mark": ("a.csv", "text\na film\n".encode("utf-16-le"), "has a zero byte"),
    "a torn UTF-16": ("a.csv", "text\na film\n".encode("utf-16")[:-1], "is not UTF-16 text"),
    "a row of 10 MB": ("a.csv", b"text\n" + b"x" * 10_000_000, "more than 4,000,000 characters"),
    "a line of 10 MB": ("a.jsonl", b'{"text": "' + b"x" * 10_000_000 + b'"}', "more than 4,000,000 characters"),
    "a text of 1 MB": ("a.csv", f"text\n{CELL}\n".encode(), "a text has more than 1,000,000 characters"),
    "a quote that is open": ("a.csv", b'text,label\n"a film,b\nc,d\n', "double quote is probably not closed"),
    "too many fields": ("a.csv", b"text,label\na,b\na,b,c\n", "line 3: 3 fields, but the header has 2"),
    "a million columns": ("a.csv", b"a," * 1_000_000 + b"b\n", "1,000,001 columns; at most 1,000"),
    "a million keys": ("a.jsonl", json.dumps({f"k{n}": n for n in range(100_000)}).encode(), "100,000 columns"),
    "a name twice": ("a.csv", b"text,label,text\na,b,c\n", "two columns named 'text'"),
    "no object": ("a.jsonl", b"[1, 2]\n", "line 1: a list, no object"),
    "no JSON": ("a.jsonl", b'{"text": "a"}\n{"text": \n', "line 2: not JSON"),
    "a deep nest": ("a.jsonl", b'{"text": ' + b"[" * 100_000 + b"\n", "line 1: not JSON"),
    "digits by the thousand": ("a.jsonl", b'{"text": ' + b"9" * 5_000 + b"}\n", "line 1: not JSON"),
    "no Parquet": ("a.parquet", b"PAR1, or so it says", "cannot be read as Parquet"),
    "another ending": ("a.xlsx", b"PK", "xlsx"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path, case: str) -> None:
    name, content, said = REFUSED[case]
    with pytest.raises(InputError, match=said):
        rows = opened(tmp_path / name, content)
        list(rows.cells(rows.columns))


def test_a_byte_order_mark_and_names_with_blanks_are_no_part_of_a_name(tmp_path: Path) -> None:
    rows = opened(tmp_path / "a.csv", codecs.BOM_UTF8 + b" text ,,label\na,b,c\n\n\nd,e,f\n")
    assert rows.columns == ("text", "column 2", "label") and rows.count == 2
    rows = opened(tmp_path / "a.jsonl", b'{"te\\ud83dxt": "a", "n": {"deep": [1]}}\n')
    assert rows.columns == ("te\ufffdxt", "n") and list(rows.cells(("n",))) == [({"deep": [1]},)]


def test_columns_of_parquet_may_be_anything(tmp_path: Path) -> None:
    rows = [{"text": None, "nest": {"a": [n], "b": {"c": str(n)}}, "list": ["a"] * n, "a.b": n} for n in range(5)]
    found = opened(parquet_of(rows, tmp_path / "a.parquet"))
    assert found.columns == ("text", "nest", "list", "a.b") and found.count == 5
    assert list(found.cells(("a.b", "nest", "list"), 2)) == [(n, rows[n]["nest"], rows[n]["list"]) for n in (2, 3, 4)]
    twice = pa.table([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    pq.write_table(twice, tmp_path / "b.parquet")
    with pytest.raises(DataError, match="two columns named 'text'"):
        opened(tmp_path / "b.parquet")


def test_a_text_that_is_repeated_is_one_object(tmp_path: Path) -> None:
    """0.1 MB that would be 24 GB, were it spelled out."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 24_000, pa.int32()), pa.array(["x" * 1_000_000]))
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", dictionary_pagesize_limit=10_000_000)
    rows = opened(tmp_path / "a.parquet")
    texts_ = {id(text) for (text,) in rows.cells(("text",), 23_000)}
    assert rows.count == 24_000 and len(texts_) <= 2  # of each piece that is read, one


def test_a_row_group_that_is_too_large_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_file, "MAX_VALUES", 1_000)
    small = opened(parquet_of(ROWS, tmp_path / "small.parquet", row_group_size=1_000))
    assert len(list(small.cells(("text",)))) == len(ROWS)
    large = opened(parquet_of(ROWS, tmp_path / "large.parquet", row_group_size=1_001))
    with pytest.raises(DataError, match="unpacks in its row group 1 to .* in 1,001 values.*smaller row groups"):
        next(iter(large.cells(("text",))))


def test_parquet_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        list(opened(contradicting(tmp_path / "a.parquet")).cells(("text", "label")))


def test_a_name_says_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(csv_of())
    assert RowSource.parse(str(file)) == RowSource.parse(f"file:{file}") == RowSource("file", str(file))
    assert RowSource.parse("hub:a/b:c", split="test") == RowSource("hub", "a/b", "c", "test")
    assert RowSource.parse("a/b") == RowSource("hub", "a/b")
    assert RowSource.parse("short-reviews", split="train") == RowSource("embedded", "short-reviews", None, "train")
    for name in (
        "",
        "nothing",
        "no/such/file.csv",
        "x" * 5_000,
        "a\0b",
        "~nobody-of-this-name/a.csv",
        "hub:",
        "a/b.csv",
    ):
        with pytest.raises(BcosError):
            RowSource.parse(name)
    for kind, name, split in (("file", str(file), "test"), ("embedded", "short-reviews", "dev"), ("pickle", "a", None)):
        with pytest.raises(DataError):
            RowSource(kind, name, None, split)
    with pytest.raises(DataError, match="There is no file"):
        open_rows(RowSource("file", str(tmp_path / "gone.csv")))


def test_a_side_of_an_embedded_task(tmp_path: Path) -> None:
    rows = open_rows(RowSource("embedded", "short-reviews"))
    found = list(rows.cells(rows.columns))
    assert rows.columns == ("text", "label") and len(found) == rows.count
    assert {label for _, label in found} == {"positive", "negative"}
    assert next(iter(rows.cells(("text",), 7))) == (found[7][0],)
    assert rows.fingerprint != open_rows(RowSource("embedded", "short-reviews", None, "train")).fingerprint


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose folders are the data sets of a hub that can be reached."""
    load: Callable[..., Any] = datasets.load_dataset
    folder = tmp_path / "hub"
    monkeypatch.setattr(hub, "require_hub", lambda *args, **options: None)
    monkeypatch.setattr(
        datasets, "load_dataset", lambda id, config=None, **options: load(str(folder / id), config, **options)
    )
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(HfApi, "dataset_info", lambda self, id: type("Info", (), {"sha": "1234"}))
    (folder / "some" / "texts").mkdir(parents=True)
    return folder / "some" / "texts"


def test_a_split_of_the_hub_is_streamed_from_any_row_on(shelf: Path) -> None:
    labels = datasets.ClassLabel(names=["bad", "good"])
    features = datasets.Features({"text": datasets.Value("string"), "label": labels})
    for split, count in (("train", 50), ("test", 20)):
        rows = {"text": [f"{split} {n}" for n in range(count)], "label": [n % 2 for n in range(count)]}
        datasets.Dataset.from_dict(rows, features=features).to_parquet(shelf / f"{split}-00000-of-00001.parquet")
    rows_ = open_rows(RowSource("hub", "some/texts", None, "test"))
    assert rows_.columns == ("text", "label") and "1234" in rows_.fingerprint
    found = list(rows_.cells(("label", "text")))
    assert found == [(("bad", "good")[n % 2], f"test {n}") for n in range(20)]
    assert list(rows_.cells(("label", "text"), 13)) == found[13:]
    assert next(iter(open_rows(RowSource("hub", "some/texts")).cells(("text",)))) == ("train 0",)
    with pytest.raises(DataError, match="no split 'dev'. It has train, test"):
        open_rows(RowSource("hub", "some/texts", None, "dev"))


def test_of_a_file_outside_a_page_learns_nothing(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BCOS_ROOTS", raising=False)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "t").write_text("text\na\n")
    for name in (
        f"{outside}/t",
        f"{outside}/none",
        f"file:{outside}/t",
        f"file:{outside}/none",
        "./outside/t",
        "a/b/c",
    ):
        with pytest.raises(PathNotAllowedError, match="outside the folders"):
            RowSource.parse(name, restrict=True)
    assert RowSource.parse("outside/t").kind == "file"
    assert RowSource.parse("outside/t", restrict=True) == RowSource("hub", "outside/t")
    assert RowSource.parse("hub:a/b:c", restrict=True) == RowSource("hub", "a/b", "c")
    assert RowSource.parse("short-reviews", restrict=True).kind == "embedded"
    inside = home.create().uploads / "t.csv"
    inside.write_text("text\na\n")
    for name in (str(inside), f"file:{inside}"):
        assert RowSource.parse(name, restrict=True) == RowSource("file", str(inside.resolve()))
