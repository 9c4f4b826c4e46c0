"""The table holds the picture's numbers and adds up to the record's sum."""

from __future__ import annotations

import csv
import io

import pytest
from records import RECORD

from bcos_core.render.csv_file import csv_file
from bcos_core.render.pieces import Granularity
from bcos_core.render.table import record_table


@pytest.mark.parametrize("granularity", ["word", "token"])
def test_rows_add_up_with_added_tokens_and_reference(granularity: Granularity) -> None:
    table = record_table(RECORD, granularity)
    assert table["score"].sum() == pytest.approx(0.3)
    assert set(table["kind"]) == {granularity, "added", "reference"}


def test_rows_are_the_words_in_reading_order() -> None:
    table = record_table(RECORD, "word")
    words = table[table["kind"] == "word"]
    assert list(zip(words["text"], words["start"], words["end"], words["score"], strict=True)) == [
        ("Not", 0, 3, 0.5),
        ("bad", 4, 7, -1.75),
        (".", 7, 8, 0.25),
    ]


def test_csv_reads_back_with_full_precision() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_file(record_table(RECORD, "token")).decode("utf-8-sig"))))
    assert [float(row["score"]) for row in rows if row["kind"] == "token"] == [0.5, -2.0, 0.25, 0.25]
    assert rows[0] == {"text": "[CLS]", "start": "", "end": "", "score": "0.1", "kind": "added"}
