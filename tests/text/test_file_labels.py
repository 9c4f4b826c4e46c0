"""From the cells of a file's label column to classes, and the rows that are left out."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from task_files import ROWS, csv_text, json_lines, pairs, refused, write

from bcos_core.text.blank import is_blank
from bcos_core.text.files import load_file


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


def test_long_decimals_are_labels(tmp_path: Path) -> None:
    large = Decimal("9" * 60)
    table = pa.table({"text": [t for t, _ in ROWS], "label": pa.array([large, Decimal(1)] * 20, pa.decimal256(76, 0))})
    pq.write_table(table, tmp_path / "r.parquet")
    assert set(load_file(tmp_path / "r.parquet").labels) == {"9" * 60, "1"}


@pytest.mark.parametrize("value", ["Infinity", "-Infinity", "1e999"])
def test_an_infinite_label_is_refused(tmp_path: Path, value: str) -> None:
    content = json_lines(["a", "b"] * 10) + f'{{"text": "x", "label": {value}}}\n'
    assert "a number that is infinite, or too large" in refused(write(tmp_path / "r.jsonl", content))


def test_one_class(tmp_path: Path) -> None:
    rows = [(text, "good") for text, _ in ROWS]
    message = refused(write(tmp_path / "rows.csv", csv_text(rows)))
    assert "Every row has the label 'good'" in message and "at least two classes" in message


def test_too_many_classes(tmp_path: Path) -> None:
    message = refused(write(tmp_path / "rows.jsonl", json_lines([i / 7 for i in range(150)])))
    assert "'label' has 150 different values" in message and "at most 100" in message


def test_too_few_texts_of_a_class(tmp_path: Path) -> None:
    assert "'rare' 1" in refused(write(tmp_path / "rows.csv", csv_text([*ROWS, ("One more", "rare")])))


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


def test_empty_rows_are_dropped_and_counted(tmp_path: Path) -> None:
    rows = [*ROWS, ("", "good"), ("  \t", "bad"), ("No label", ""), ("", "")]
    data = load_file(write(tmp_path / "rows.csv", csv_text(rows)))
    assert pairs(data) == set(ROWS)
    assert data.notes == ("Rows left out because their text or label is empty: 4.",)


def test_missing_and_null_json_values_are_empty(tmp_path: Path) -> None:
    extra = '{"text": null, "label": "a"}\n{"label": "a"}\n{"text": "x", "label": NaN}\n'
    data = load_file(write(tmp_path / "rows.jsonl", json_lines(["a", "b"] * 10) + extra))
    assert data.notes == ("Rows left out because their text or label is empty: 3.",)


@pytest.mark.parametrize("word", ["NaN", "nan", "None", "NA", "null"])
def test_a_word_that_often_means_nothing_is_a_label_where_the_file_has_it_and_that_is_said(
    tmp_path: Path, word: str
) -> None:
    labels = [word, "good"] * 10
    said = (
        f"{word!r} is the label of 10 texts: the file has this word there. If it stands for a label that is missing, "
        "leave those cells empty."
    )
    rows = [(f"Sentence {place}", label) for place, label in enumerate(labels)]
    for name, text in (("r.csv", csv_text(rows)), ("r.jsonl", json_lines(labels))):
        data = load_file(write(tmp_path / name, text))
        assert set(data.labels) == {word, "good"} and data.notes == (said,)


def test_a_value_that_is_missing_in_parquet_is_no_label(tmp_path: Path) -> None:
    labels = ["good", "bad", None, "good", "bad"] * 5
    table = pd.DataFrame({"text": [f"Sentence {place}" for place in range(25)], "label": labels})
    table.to_parquet(tmp_path / "r.parquet")
    data = load_file(tmp_path / "r.parquet")
    assert set(data.labels) == {"good", "bad"}
    assert data.notes == ("Rows left out because their text or label is empty: 5.",)


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


def test_all_rows_empty(tmp_path: Path) -> None:
    assert "None of the 2 rows has both" in refused(write(tmp_path / "r.csv", "text,label\na,\n,b\n"))
    assert "None of the 0 rows has both" in refused(write(tmp_path / "r.csv", "text,label\n"))
