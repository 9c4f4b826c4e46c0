"""Which columns of a file hold the text and the label: guessed, named, or asked for."""

from __future__ import annotations

from pathlib import Path

from task_files import csv_text, refused, write

from bcos_core.text.files import load_file


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
