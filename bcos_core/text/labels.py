"""From the values of a label column to class names."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from bcos_core.errors import DataError
from bcos_core.text.blank import is_blank, seen
from bcos_core.text.decode import encodable
from bcos_core.text.pair import without_separator

MAX_CLASSES = 100
SIGNS = (";", "|", ",", "/")
"""What people put between several labels in one cell."""
LONGEST_CLASS = 200
"""Characters of a class name; it is drawn in tables, figures and buttons."""

_SAID_OF_NOTHING = frozenset({"nan", "none", "null", "na", "n/a", "<na>"})

_NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.0*)?")


def text_value(value: object, column: str) -> str:
    """A cell of the text column as text; "" when there is nothing in it to read.

    Raises:
        DataError: the cell is a list, an object or bytes.
    """
    if value is None or (isinstance(value, float | Decimal) and math.isnan(value)):
        return ""
    if isinstance(value, list | tuple | dict | set | bytes):
        raise DataError(
            f"The column {column!r} holds {_kind(value)}, not texts. Choose a column that holds one text per row."
        )
    text = without_separator(encodable(str(value))).strip()
    return "" if is_blank(text) else text


def label_names(values: Iterable[object], column: str) -> list[str]:
    """The cells of the label column as class names; "" where there is none.

    Strings, whole numbers (also written 1.0, as some programs do) and true / false are labels.

    Raises:
        DataError: a cell is a list, an object or bytes.
    """
    names = [_label_name(value, column) for value in values]
    present = {name for name in names if name}
    if present and all(_WHOLE_NUMBER.fullmatch(name) for name in present):
        return [name.split(".")[0] for name in names]
    return names


def says_nothing(name: str) -> bool:
    """Whether a label is a word that programs write where there is none: "NaN", "None", "null", "NA"."""
    return name.casefold() in _SAID_OF_NOTHING


def measured(classes: Collection[str]) -> bool:
    """Whether class names look like measured numbers: numbers all of them, and not whole ones only."""
    return all(_NUMBER.fullmatch(name) for name in classes) and not all(
        _WHOLE_NUMBER.fullmatch(name) for name in classes
    )


def joined_by(classes: Collection[str]) -> str | None:
    """The sign that stands between several labels in these class names, by their look: cut at it, they are made of
    fewer labels than there are names ("rude; toxic" beside "rude" and "toxic"). None where there is no such sign."""
    for sign in SIGNS:
        parts = {part.strip() for name in classes for part in name.split(sign)} - {""}
        if any(sign in name for name in classes) and len(parts) < len(classes):
            return sign
    return None


def look_of(classes: Collection[str]) -> str:
    """What class names seem to be, when they are hardly classes, and what to do then; "" where nothing is seen."""
    if measured(classes):
        return (
            "The labels look like measured numbers, not classes. Choose the type of task “A score” (on the command "
            "line: --task-type regression) to learn the numbers themselves, another column that holds the class, or "
            "name ranges of these numbers (low, middle, high) in a column of their own."
        )
    if sign := joined_by(classes):
        return (
            f"The labels look like several in one cell, with {sign!r} between them. Choose the type of task “Several "
            f"labels” with that separator (on the command line: --task-type multi-label --label-separator {sign!r})."
        )
    return ""


def class_names(labels: Collection[str], column: str) -> tuple[str, ...]:
    """The distinct labels in natural order: numbers by value, and "item 2" before "item 10".

    Raises:
        DataError: fewer than two classes, or more than `MAX_CLASSES`; one with a name that is too long, or two whose
            names look the same.
    """
    classes = sorted(set(labels), key=_natural_key)
    if len(classes) == 1:
        raise DataError(
            f"Every row has the label {classes[0]!r} in the column {column!r}. A task needs at least two classes. "
            "Choose another label column, or add rows of another class."
        )
    if len(classes) > MAX_CLASSES:
        shown = ", ".join(repr(c if len(c) <= 30 else c[:29] + "…") for c in classes[:3])
        raise DataError(
            f"The column {column!r} has {len(classes):,} different values ({shown}, …); at most {MAX_CLASSES} classes "
            f"are supported. {look_of(classes) or 'It probably holds texts: choose the column that holds the class.'}"
        )
    if len(longest := max(classes, key=len)) > LONGEST_CLASS:
        raise DataError(
            f"A label in the column {column!r} has {len(longest):,} characters ({longest[:30]!r} …); a class name has "
            f"at most {LONGEST_CLASS}. The column probably holds texts: choose the column that holds the class."
        )
    looks: dict[str, str] = {}
    for name in classes:
        if (other := looks.setdefault(seen(name), name)) != name:
            raise DataError(
                f"The labels {other!a} and {name!a} in the column {column!r} look the same and are not: they "
                "differ in characters that cannot be seen. Write them alike in the file."
            )
    return tuple(classes)


def _label_name(value: object, column: str) -> str:
    if isinstance(value, str):
        return text_value(value, column)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal) and math.isinf(value):
        raise DataError(
            f"The column {column!r} holds {value}: a number that is infinite, or too large to be read. Leave that row "
            "out, or choose another label column."
        )
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == math.floor(value):
        return str(int(value))
    if isinstance(value, list | tuple | dict | set | bytes):
        raise DataError(
            f"The column {column!r} holds {_kind(value)}; a label is one word or number per row. "
            "For several labels in a list choose the type of task “Several labels” (on the command line: --task-type "
            "multi-label), else another label column."
        )
    return text_value(value, column)


def _kind(value: object) -> str:
    if isinstance(value, bytes):
        return "binary data"
    return "objects" if isinstance(value, dict) else "lists"


def _natural_key(label: str) -> tuple[int, Sequence[object], str]:
    """Numbers first, by value; then by their stretches of letters and digits."""
    if _WHOLE_NUMBER.fullmatch(label):
        return (0, [int(label.split(".")[0])], label)
    if _NUMBER.fullmatch(label) and math.isfinite(value := float(label.replace(",", "."))):
        return (0, [value], label)
    parts = re.split(r"([0-9]{1,18})", label.casefold())  # letters and digits in turn, so that like meets like
    return (1, [int(part) if place % 2 else part for place, part in enumerate(parts)], label)
