"""A table as a CSV file that a spreadsheet opens rightly: the one writer of everything that is exported as CSV."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from numbers import Number

import pandas as pd

from bcos_core.text.decode import encodable

# A spreadsheet runs a cell that begins with one of these as a formula, some after white space that they pass over.
_FORMULA_STARTS = frozenset("=+-@")
_SPACE_STARTS = frozenset("\t\r\n")
_PASSED_OVER = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cn", "Co", "Cs"})


def csv_file(frame: pd.DataFrame) -> bytes:
    """The bytes of the file: RFC 4180 in UTF-8, columns named in the first record, nothing where a value is missing.

    The byte order mark tells a spreadsheet that it is UTF-8. A text that a spreadsheet would run as a formula is
    preceded by an apostrophe, as texts are in a spreadsheet.
    """
    lines = io.StringIO(newline="")
    # Whatever holds a delimiter, a quote or any part of a line's end is quoted.
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow([_cell(column) for column in frame.columns])
    # Column by column: a row of pandas has one type for all its cells.
    columns = [frame.iloc[:, place].tolist() for place in range(frame.shape[1])]
    writer.writerows([_cell(value) for value in row] for row in zip(*columns, strict=True))
    return codecs.BOM_UTF8 + lines.getvalue().encode("utf-8")


def _cell(value: object) -> object:
    if isinstance(value, Number):  # booleans and the numbers of numpy are such
        return "" if value != value else value
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    text = encodable(str(value))
    return f"'{text}" if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    if text[:1] in _SPACE_STARTS and text:
        return True
    first = next((character for character in text if unicodedata.category(character) not in _PASSED_OVER), "")
    # Full-width and small signs (＝, ﹢) are read as the plain ones.
    return unicodedata.normalize("NFKC", first) in _FORMULA_STARTS
