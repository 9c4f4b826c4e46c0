"""Plain data: what JSON can hold, in every database and every reader."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from bcos_core.errors import NotFiniteError


def to_plain(value: Any) -> Any:
    """`value` as dictionaries, lists, strings, numbers, booleans and None.

    A number that is not finite becomes None, because JSON has no word for it: PostgreSQL and browsers
    refuse the `NaN` that Python would write. Times become ISO 8601, NumPy and torch scalars Python numbers.

    Raises:
        TypeError: a value of any other type.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): to_plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return to_plain(asdict(value))
    if hasattr(value, "item"):
        return to_plain(value.item())
    raise TypeError(f"A {type(value).__name__} cannot be written as JSON.")


def to_finite(value: Any, what: str) -> Any:
    """As `to_plain`, for what is kept as a result: there a number that is not finite must not pass for a missing one.

    Args:
        what: what the numbers are, as the start of a sentence.

    Raises:
        NotFiniteError: one of the numbers is not finite.
        TypeError: a value of a type that JSON does not know.
    """
    _require_finite(value, what, where="")
    return to_plain(value)


def _require_finite(value: Any, what: str, where: str) -> None:
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        for name, item in value.items():
            _require_finite(item, what, f"{where}.{name}" if where else str(name))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            _require_finite(item, what, where)
    elif hasattr(value, "item") or isinstance(value, float):
        number = value.item() if hasattr(value, "item") else value
        if isinstance(number, float) and not math.isfinite(number):
            place = f" at {where}" if where else ""
            raise NotFiniteError(f"{what} cannot be kept: the number{place} is {number}, expected a finite one.")
