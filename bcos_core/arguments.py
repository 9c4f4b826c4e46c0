"""What a caller passes, in any of the types that the usual libraries give it: NumPy's and torch's numbers, columns."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Set
from typing import Any

from bcos_core.errors import InputError, TextError


def whole_number(name: str, value: Any, *, least: int, most: int | None = None) -> int:
    """A whole number of Python, NumPy or torch as an int.

    Raises:
        InputError: anything else, truth values among them, or one out of range.
    """
    number = _index(value) if _is_single(value) else None
    if number is None or number < least or (most is not None and number > most):
        asked = f"from {least}" if most is None else f"from {least} to {most}"
        raise InputError(f"{name} is {shown(value)}; expected one whole number {asked}.")
    return number


def one_number(value: Any) -> float | None:
    """A number of Python, NumPy or torch, or a text that writes one, as a float; None for anything else, truth values
    among it."""
    try:
        return float(value) if _is_single(value) else None
    except (TypeError, ValueError, OverflowError):
        return None


def shown(value: Any) -> str:
    """A value in a message, cut where it is long."""
    try:
        written = repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        written = f"a very large {type(value).__name__}"
    return written if len(written) <= 60 else f"{written[:60]} …"


def list_of_texts(texts: Iterable[str]) -> list[str]:
    """The texts of a list, a column, an array of one dimension or a generator, in their order. An entry of another type
    than string is left for `encode` to name.

    Raises:
        TextError: one string, or what holds no texts or has them in no order.
    """
    unordered = isinstance(texts, (str, bytes, bytearray, Mapping, Set))
    if unordered or not isinstance(texts, Iterable) or getattr(texts, "ndim", 1) != 1:
        raise TextError(f"The texts are a {type(texts).__name__}; expected a list of strings, or one column of them.")
    return list(texts)


def _is_single(value: Any) -> bool:
    """Whether it may be one number: no truth value, and no array of several, not even of one entry."""
    truth = isinstance(value, bool) or "bool" in str(getattr(value, "dtype", ""))
    return not truth and getattr(value, "ndim", 0) == 0


def _index(value: Any) -> int | None:
    try:
        return operator.index(value)
    except TypeError:
        return None
