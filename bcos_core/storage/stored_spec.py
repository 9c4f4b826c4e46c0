"""What a job was asked, as it is stored: whole, so that no later default fills in what an earlier one meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TypeVar, get_args, get_type_hints

from bcos_core.errors import InputError
from bcos_core.storage.stored_json import from_plain

Spec = TypeVar("Spec")

ADVICE = "Ask for the work anew, so that every option is chosen and none is guessed."


def read_spec(data: object, kind: type[Spec], what: str) -> Spec:
    """Stored fields as the dataclass `kind` that they were written from, and those of the dataclasses in it.

    Args:
        what: what they are, as the start of a sentence.

    Raises:
        InputError: some are missing or unknown, or not of their type: they are damaged, or another version of the
            program wrote them. Whatever `kind` itself refuses is raised as it is.
    """
    _require_whole(data, kind, what, all_of_it=True)
    return from_plain(data, kind, error=InputError, what=what, advice=ADVICE)


def _require_whole(data: object, kind: type, what: str, *, all_of_it: bool) -> None:
    """In a part of the whole a field may lack that is None by default: it was not chosen."""
    if not isinstance(data, Mapping):
        raise InputError(f"{what} is not as it should be: it is a {type(data).__name__}. {ADVICE}")
    known = {field.name: field.default for field in fields(kind)}
    missing = sorted(name for name in known if name not in data and (all_of_it or known[name] is not None))
    unknown = sorted(map(str, set(data) - set(known)))
    if missing or unknown:
        said = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has {', '.join(unknown)}"] * bool(unknown)
        raise InputError(f"{what} was stored by another version of the program: it {' and '.join(said)}. {ADVICE}")
    for name, part in _parts(kind):
        value = data[name]
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is not None:
                _require_whole(one, part, f"{what.removesuffix(',')}, in its {name},", all_of_it=False)


def _parts(kind: type) -> Iterator[tuple[str, type]]:
    """The fields that are dataclasses themselves, or None, or several of one in a tuple."""
    for name, hint in get_type_hints(kind).items():
        for one in (hint, *get_args(hint)):
            if is_dataclass(one) and isinstance(one, type):
                yield name, one
