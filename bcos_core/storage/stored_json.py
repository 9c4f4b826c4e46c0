"""The one reader and the one writer of JSON that is kept in files.

A file may have been cut, edited, or made by someone else. It is read into a declared type or refused, whole: not
JSON, too large, nested too deep, a number that is not finite, a value of another type or out of its bounds.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from pathlib import Path
from typing import TypeVar

import msgspec

from bcos_core.errors import BcosError, StorageError
from bcos_core.numbers import file_size

Kept = TypeVar("Kept")

LARGEST = 16 << 20
"""Bytes; a file that may be larger says so where it is read."""
DEEPEST = 32
"""Levels of lists and objects: far more than anything here has, far fewer than Python's recursion takes."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def read_json(path: Path, kind: type[Kept], *, error: type[BcosError], advice: str, largest: int = LARGEST) -> Kept:
    """What the file holds, as a `kind`: a dataclass, or any type that msgspec knows. Unknown fields are skipped.

    Args:
        error: the class of error to raise.
        advice: what to do, a sentence that ends every message.
        largest: bytes.

    Raises:
        BcosError: as `error`: it cannot be read, or is not a `kind`.
    """
    try:
        if not path.is_file():  # a pipe would be waited for
            raise error(f"There is no file {path}. {advice}")
        with path.open("rb") as stream:
            content = stream.read(largest + 1)
    except OSError as problem:
        raise error(f"{path} cannot be read ({problem.strerror}). {advice}") from problem
    if len(content) > largest:
        raise error(f"{path} is larger than {file_size(largest)}, the most that is read. {advice}")
    return decode_json(content, kind, error=error, what=str(path), advice=advice)


def decode_json(content: bytes, kind: type[Kept], *, error: type[BcosError], what: str, advice: str) -> Kept:
    """`content` as a `kind`; `what` names it in messages. The rest is as in `read_json`."""
    if (depth := _depth(content)) > DEEPEST:
        raise error(f"{what} is nested {depth:,} levels deep; at most {DEEPEST} are read. {advice}")
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as problem:
        raise error(f"{what} is not as it should be ({_in_words(problem)}). {advice}") from problem
    except ValueError as problem:  # msgspec's own errors are, and a UnicodeDecodeError
        raise error(f"{what} is not JSON ({problem}). {advice}") from problem


def from_plain(value: object, kind: type[Kept], *, error: type[BcosError], what: str, advice: str) -> Kept:
    """Plain data that were read already, such as a column of a database, as a `kind`; as in `read_json`."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as problem:
        raise error(f"{what} is not as it should be ({_in_words(problem)}). {advice}") from problem
    except (RecursionError, UnicodeEncodeError) as problem:
        reason = "nested too deep" if isinstance(problem, RecursionError) else "it has half of a character in it"
        raise error(f"{what} is not as it should be ({reason}). {advice}") from problem


def require_shallow(text: str) -> None:
    """
    Raises:
        ValueError: JSON that is nested deeper than is read.
    """
    if (depth := _depth(text.encode("utf-8", "surrogatepass"))) > DEEPEST:
        raise ValueError(f"It is nested {depth:,} levels deep; at most {DEEPEST} are read.")


def to_json(value: object, what: str, *, indent: int | None = None) -> str:
    """Plain data as JSON that `read_json` reads; `what` names it in messages.

    Raises:
        StorageError: a number in it is not finite.
    """
    try:
        return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    except ValueError as problem:
        raise StorageError(f"{what} is not kept: a number in it is not finite ({problem}).") from problem


def _depth(content: bytes) -> int:
    brackets = _STRING.sub(b"", content).translate(None, _NOT_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def _in_words(problem: msgspec.ValidationError) -> str:
    """What is wrong, and where: "`b`: expected `float`, got `str`"."""
    wrong, _, place = str(problem).partition(" - at ")
    wrong = wrong[:1].lower() + wrong[1:]
    field = place.strip("`").removeprefix("$").removeprefix(".")
    return f"`{field}`: {wrong}" if field else wrong
