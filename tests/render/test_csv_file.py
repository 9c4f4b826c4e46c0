"""A CSV file opens rightly in a spreadsheet, and nothing in it is run."""

from __future__ import annotations

import codecs
import csv
import io

import numpy as np
import pandas as pd
import pytest

from bcos_core.render.csv_file import csv_file


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def test_the_bytes_of_a_small_table() -> None:
    frame = pd.DataFrame({"text": ["naïve", 'says "no", twice'], "score": [0.1, np.nan], "n": [2, 3]})
    expected = 'text,score,n\r\nnaïve,0.1,2\r\n"says ""no"", twice",,3\r\n'
    assert csv_file(frame) == codecs.BOM_UTF8 + expected.encode()


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_line_end_in_a_text_makes_no_record(end: str) -> None:
    text = f"fine{end}=HYPERLINK(1)"
    data = csv_file(pd.DataFrame({"value": [text, "next"]}))
    assert read(data) == [["value"], [text], ["next"]]
    # Also for a reader that takes a bare carriage return for the end of a record: it stands between quotes.
    assert f'"{text}"\r\n'.encode() in data


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@cmd", " =1", "\t=1", "\r=1", "\n=1", "\u00a0=1", "\u3000-1", "\u200b=1", "\ufeff@x"),
        *("＝1+1", "＋1", "－1", "＠x", "﹦1", "﹢1", "﹣1", "﹫x", " ＝1", "\tx", "\rx"),
    ],
)
def test_a_formula_is_a_text(text: str) -> None:
    frame = pd.DataFrame({"a": ["x", text], text: pd.Categorical(["x", text])})
    assert read(csv_file(frame)) == [["a", f"'{text}"], ["x", "x"], [f"'{text}", f"'{text}"]]


@pytest.mark.parametrize("text", ["a=b", "1-1", "mail@x", "", "'", "日本", "*", "—", "−1"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    # A column of its own beside it: an empty record of one column would read back as no cells.
    assert read(csv_file(pd.DataFrame({"a": [text], "b": [1]})))[1] == [text, "1"]


def test_negative_numbers_stay_numbers() -> None:
    frame = pd.DataFrame(
        {"mixed": [-1, "-1", None], "score": [-0.5, np.float32(2), np.nan], "yes": [True, False, True]}
    )
    frame["count"] = pd.array([-3, None, 4], dtype="Int64")
    assert read(csv_file(frame))[1:] == [
        ["-1", "-0.5", "True", "-3"],
        ["'-1", "2.0", "False", ""],
        ["", "", "True", "4"],
    ]


def test_half_a_surrogate_pair_stops_no_export() -> None:
    assert read(csv_file(pd.DataFrame({"a": ["broken \ud83d emoji"]}, dtype=object)))[1] == ["broken \ufffd emoji"]


def test_columns_of_one_name_and_none_at_all() -> None:
    assert read(csv_file(pd.DataFrame([[1, "=x"]], columns=["a", "a"]))) == [["a", "a"], ["1", "'=x"]]
    assert read(csv_file(pd.DataFrame({"a": [], "b": []}))) == [["a", "b"]]
