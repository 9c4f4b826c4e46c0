"""What a job was asked, as it is stored: whole, so that no later default fills in what an earlier one meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from bcos_core.errors import InputError


def require_whole(data: Mapping[str, Any], kind: type, what: str, optional: frozenset[str] = frozenset()) -> None:
    """Refuse stored fields of a dataclass that are not exactly those that it has.

    Raises:
        InputError: some are missing or unknown: another version of the program wrote them.
    """
    known = {field.name for field in fields(kind)}
    missing, unknown = sorted(known - optional - set(data)), sorted(set(data) - known)
    if missing or unknown:
        said = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has {', '.join(unknown)}"] * bool(unknown)
        raise InputError(
            f"{what} was stored by another version of the program: it {' and '.join(said)}. "
            "Ask for the work anew, so that every option is chosen and none is guessed."
        )
