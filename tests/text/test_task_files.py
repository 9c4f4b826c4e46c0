"""Tasks from files: every format, and every way in which a file can be wrong."""

import codecs
import json
import os
import pickle
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bcos_core.errors import DataError
from bcos_core.text import parquet_table
from bcos_core.text.blank import is_blank
from bcos_core.text.csv_table import CsvTable
from bcos_core.text.examples import TaskData
from bcos_core.text.files import load_file
from bcos_core.text.preview import preview_file
from bcos_core.text.table import MAX_FILE_BYTES

ROWS = [(f"Sentence {i}, with a comma", "good" if i % 2 else "bad") for i in range(40)]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def csv_text(rows: list[tuple[Any, Any]] = ROWS, delimiter: str = ",", header: str = "text,label") -> str:
    lines = [header.replace(",", delimiter), *(f'"{text}"{delimiter}{label}' for text, label in rows)]
    return "\n".join(lines) + "\n"


def json_lines(labels: list[Any]) -> str:
    return "".join(json.dumps({"text": f"Sentence {i}", "label": label}) + "\n" for i, label in enumerate(labels))


def pairs(data: TaskData) -> set[tuple[str, str]]:
    return {
        (text, data.labels[label])
        for side in (data.train, data.validation, data.test)
        for text, label in zip(side.texts, side.labels, strict=True)
    }


def refused(path: Path, *columns: str) -> str:
    with pytest.raises(DataError) as caught:
        load_file(path, *columns)
    return str(caught.value)


# Formats


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


# Labels


@pytest.mark.parametrize(
    "values, classes",
    [
        ([0, 1, 2, 10], ("0", "1", "2", "10")),
        (["10", "9", "-1"], ("-1", "9", "10")),
        ([1.0, 2.0], ("1", "2")),
        (["1.0", "2.0", "2"], ("1", "2")),
        (["01", "1"], ("01", "1")),
        ([True, False], ("false", "true")),
        (["class 10", "class 9"], ("class 9", "class 10")),
        (["b", "A", "1"], ("1", "A", "b")),
        ([0.5, 1.5], ("0.5", "1.5")),
        (["<script>", "映画"], ("<script>", "映画")),
    ],
)
def test_labels_are_named_and_sorted_naturally(tmp_path: Path, values: list[Any], classes: tuple[str, ...]) -> None:
    path = write(tmp_path / "rows.jsonl", json_lines(values * 12))
    assert load_file(path).labels == classes


def test_empty_rows_are_dropped_and_counted(tmp_path: Path) -> None:
    rows = [*ROWS, ("", "good"), ("  \t", "bad"), ("No label", ""), ("", "")]
    data = load_file(write(tmp_path / "rows.csv", csv_text(rows)))
    assert pairs(data) == set(ROWS)
    assert data.notes == ("Rows left out because their text or label is empty: 4.",)


def test_missing_and_null_json_values_are_empty(tmp_path: Path) -> None:
    extra = '{"text": null, "label": "a"}\n{"label": "a"}\n{"text": "x", "label": NaN}\n'
    data = load_file(write(tmp_path / "rows.jsonl", json_lines(["a", "b"] * 10) + extra))
    assert data.notes == ("Rows left out because their text or label is empty: 3.",)


def test_half_a_surrogate_pair_becomes_the_replacement_character(tmp_path: Path) -> None:
    extra = '{"text": "broken \\ud83d emoji", "label": "a"}\n'
    data = load_file(write(tmp_path / "rows.jsonl", json_lines(["a", "b"] * 10) + extra))
    assert ("broken \ufffd emoji", "a") in pairs(data)


# Columns


def test_columns_are_guessed_from_usual_names(tmp_path: Path) -> None:
    header = "Review,Sentiment"
    assert load_file(write(tmp_path / "rows.csv", csv_text(header=header))).labels == ("bad", "good")


def test_a_missing_column_lists_those_there(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", csv_text())
    assert "no column 'body'. The columns are 'text', 'label'" in refused(path, "body", "label")
    assert "no column 'class'" in refused(path, "text", "class")


def test_columns_that_cannot_be_guessed_are_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", csv_text(header="x,y"))
    message = refused(path)
    assert "which column holds the text" in message and "'x', 'y'" in message
    assert load_file(path, "x", "y").labels == ("bad", "good")


def test_the_same_column_twice(tmp_path: Path) -> None:
    assert "for both the text and the label" in refused(write(tmp_path / "r.csv", csv_text()), "text", "text")


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    assert "two columns named 'text'" in refused(write(tmp_path / "r.csv", csv_text(header="text,text")))


def test_a_nameless_column_is_numbered(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", csv_text(header=",label"))
    assert load_file(path, "column 1", "label").labels == ("bad", "good")


# Classes


def test_one_class(tmp_path: Path) -> None:
    rows = [(text, "good") for text, _ in ROWS]
    message = refused(write(tmp_path / "rows.csv", csv_text(rows)))
    assert "Every row has the label 'good'" in message and "at least two classes" in message


def test_too_many_classes(tmp_path: Path) -> None:
    message = refused(write(tmp_path / "rows.jsonl", json_lines([i / 7 for i in range(150)])))
    assert "'label' has 150 different values" in message and "at most 100" in message


def test_too_few_texts_of_a_class(tmp_path: Path) -> None:
    assert "'rare' 1" in refused(write(tmp_path / "rows.csv", csv_text([*ROWS, ("One more", "rare")])))


def test_all_rows_empty(tmp_path: Path) -> None:
    assert "None of the 2 rows has both" in refused(write(tmp_path / "r.csv", "text,label\na,\n,b\n"))
    assert "None of the 0 rows has both" in refused(write(tmp_path / "r.csv", "text,label\n"))


# Files


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
    assert "is a folder" in refused(tmp_path / "folder.csv")


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


def test_a_csv_field_beyond_all_reason(tmp_path: Path) -> None:
    message = refused(write(tmp_path / "r.csv", f"text,label\n{'a' * 1_000_001},x\n"))
    assert "begins in line 2: a text has more than 1,000,000 characters" in message and "Cut it" in message


def test_not_a_parquet_file(tmp_path: Path) -> None:
    assert "cannot be read as Parquet" in refused(write(tmp_path / "r.parquet", csv_text()))
    pq.write_table(pa.table({"text": ["a"] * 5000, "label": ["x"] * 5000}), tmp_path / "cut.parquet")
    whole = (tmp_path / "cut.parquet").read_bytes()
    assert "cannot be read as Parquet" in refused(write(tmp_path / "cut.parquet", whole[: len(whole) // 2]))


def test_a_table_can_be_gone_through_twice(tmp_path: Path) -> None:
    table = CsvTable(write(tmp_path / "rows.csv", csv_text()))
    assert list(table.rows(("label", "text"))) == [(label, text) for text, label in ROWS]
    assert list(table.rows(("label", "text"))) == [(label, text) for text, label in ROWS]
    assert table.row_count == 40


# Line ends, empty rows, measured numbers


def test_bare_carriage_returns_end_records_as_in_old_macs(tmp_path: Path) -> None:
    # Old Macs' line ends, a line feed within a quoted text, and one at the very end.
    content = csv_text([("two\nlines", "good"), *ROWS]).replace("\n", "\r").replace("two\rlines", "two\nlines") + "\n"
    assert pairs(load_file(write(tmp_path / "r.csv", content))) == {("two\nlines", "good"), *ROWS}
    # Quoted, a carriage return belongs to the text, and the lines are counted as an editor counts them.
    content = csv_text([("one\rtext", "good"), *ROWS])
    assert ("one\rtext", "good") in pairs(load_file(write(tmp_path / "r.csv", content)))
    assert [number for number, _ in CsvTable(tmp_path / "r.csv").numbered_rows(())] == list(range(2, 43))


def test_a_bare_carriage_return_in_a_text_is_not_blamed_on_quotes(tmp_path: Path) -> None:
    for torn in ("one\rtext,good", "one text,go\rod"):
        message = refused(write(tmp_path / "r.csv", csv_text() + torn + "\n" + csv_text()[11:]))
        assert "line 42: 1 fields" in message and "bare carriage return" in message
        assert "not closed" not in message


@pytest.mark.parametrize(
    "nothing", ["\u200b", "\ufe0f", "\ufffd", "\u00ad \u2060", "\x01", "\u0301", "\u3164", "\ud83d"]
)
def test_a_row_that_shows_nothing_is_left_out_by_its_line(tmp_path: Path, nothing: str) -> None:
    rows = [{"text": text, "label": label} for text, label in ROWS]
    rows[3:3] = [
        {"text": nothing, "label": "good"},
        {"text": "no class", "label": nothing},
        {"text": "", "label": "bad"},
    ]
    lines = "\n\n".join(json.dumps(row) for row in rows)
    data = load_file(write(tmp_path / "r.jsonl", lines))
    assert pairs(data) == set(ROWS)
    assert data.notes == (
        "Rows left out because their text or label is empty: 3.",
        "Of these, rows whose text or label has only characters that cannot be seen: 2 (lines 7, 9).",
    )


def test_what_is_seen_is_not_empty() -> None:
    for text in ("a", "!", "👍🏽", "❤️", "映", "é", "\u200b.", "🇩🇪", "٠", "—"):
        assert not is_blank(text), text


@pytest.mark.parametrize("form", ["{:.2f}", "{:.2e}", "{:+.1f}"])
def test_measured_numbers_are_told(tmp_path: Path, form: str) -> None:
    labels = [form.format(place / 7 + 0.1) for place in range(60)]
    message = refused(write(tmp_path / "r.jsonl", json_lines(labels)))
    assert "look like measured numbers, not classes" in message and "--task-type regression" in message
    assert "too few" not in message
    # With a comma, as spreadsheets in many languages write them; between semicolons.
    rows = [(f"Sentence {place}", label.replace(".", ",")) for place, label in enumerate(labels)]
    assert "measured numbers" in refused(write(tmp_path / "r.csv", csv_text(rows, delimiter=";")))


def test_scarce_classes_that_are_no_measurements_are_listed_in_short(tmp_path: Path) -> None:
    message = refused(write(tmp_path / "r.jsonl", json_lines([f"class {place}" for place in range(60)])))
    assert "Classes with too few different texts: 'class 0' 1" in message and "and 50 more" in message
    # Ratings in halves, enough of each, are classes.
    assert load_file(write(tmp_path / "r.jsonl", json_lines([0.5, 1.5] * 12))).labels == ("0.5", "1.5")


@pytest.mark.parametrize("value", ["Infinity", "-Infinity", "1e999"])
def test_an_infinite_label_is_refused(tmp_path: Path, value: str) -> None:
    content = json_lines(["a", "b"] * 10) + f'{{"text": "x", "label": {value}}}\n'
    assert "a number that is infinite, or too large" in refused(write(tmp_path / "r.jsonl", content))


def test_long_decimals_are_labels(tmp_path: Path) -> None:
    large = Decimal("9" * 60)
    table = pa.table({"text": [t for t, _ in ROWS], "label": pa.array([large, Decimal(1)] * 20, pa.decimal256(76, 0))})
    pq.write_table(table, tmp_path / "r.parquet")
    assert set(load_file(tmp_path / "r.parquet").labels) == {"9" * 60, "1"}


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
