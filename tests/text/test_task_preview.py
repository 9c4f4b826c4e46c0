"""Previews of files and columns."""

from pathlib import Path

import pytest

from bcos_core.errors import DataError
from bcos_core.text.preview import Lengths, preview_columns, preview_file


def write_rows(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("id,review,stars\n" + "".join(f"7,{text},{label}\n" for text, label in rows), encoding="utf-8")
    return path


def test_a_file_is_shown_as_it_is(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.csv", [(f"word {i}", str(i % 2)) for i in range(30)])
    preview = preview_file(path)
    assert preview.columns == ("id", "review", "stars")
    assert preview.rows[0] == ("7", "word 0", "0")
    assert len(preview.rows) == 20
    assert preview.row_count == 30
    assert preview.size_bytes == path.stat().st_size
    assert (preview.text_column, preview.label_column) == ("review", "stars")


def test_values_of_any_type_are_shown_as_strings(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": null, "b": [1, 2], "c": true}\n{"a": "' + "x" * 9000 + '", "d": 1}\n', encoding="utf-8")
    preview = preview_file(path)
    assert preview.columns == ("a", "b", "c", "d")
    assert preview.rows[0] == ("", "[1, 2]", "True", "")
    assert len(preview.rows[1][0]) == 500 and preview.rows[1][0].endswith("…")
    assert preview.text_column is None and preview.label_column is None


def test_columns_are_summarised_by_hand_count(tmp_path: Path) -> None:
    # 12 texts of 1 word, 8 of 3, 1 of 41; one row twice, one empty, one text with two labels.
    rows = [(f"a{i}", "1") for i in range(12)] + [(f"b {i} c", "10") for i in range(8)]
    rows += [(" ".join(["w"] * 41), "10"), ("A0", "1"), ("", "1"), ("both", "1"), ("both", "10")]
    preview = preview_columns(write_rows(tmp_path / "rows.csv", rows), "review", "stars")
    assert preview.classes == {"1": 12, "10": 9}
    assert list(preview.classes) == ["1", "10"]
    assert preview.empty_rows == 1
    assert preview.notes == (
        "Rows left out because their text or label is empty: 1.",
        "Repeated texts left out (the first of each stays): 2.",
        "Texts left out because they stand there with different labels: 1.",
    )
    # 41 lengths in at most 20 bins: 3 to a bin.
    assert preview.lengths == Lengths(
        minimum=1,
        median=1,
        maximum=41,
        histogram=((1, 3, 20), *((low, low + 2, 0) for low in range(4, 40, 3)), (40, 42, 1)),
    )


def test_what_training_would_refuse_is_refused_here(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.csv", [(f"word {i}", "0") for i in range(30)])
    with pytest.raises(DataError, match="at least two classes"):
        preview_columns(path, "review", "stars")
    with pytest.raises(DataError, match="no column 'text'"):
        preview_columns(path, "text", "stars")


def test_half_a_surrogate_pair_is_shown_as_it_is_trained_on(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "good \\ud800", "label": "a"}\n')
    assert preview_file(file).rows == (("good \ufffd", "a"),)
