"""Where a home lay before it was moved or copied.

What is kept in a home names its models and files by their full paths. A path under a folder that the home once was
means what lies in the same place under the folder that it is now. Nothing that was stored is rewritten: what is locked
in a study stays as it was hashed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from bcos_core.errors import StorageError
from bcos_core.home import Home, get_home
from bcos_core.storage.content import Stamp, file_stamp
from bcos_core.storage.stored_json import read_json, to_json

PLACES_FILE = "places.json"
"""Every folder that the home was, as a list of paths."""
_ADVICE = "Remove it: it is written anew."


def note_place(home: Home, artefacts: Iterable[str], others: Iterable[str] = ()) -> None:
    """Keep in mind that the home lies where it does.

    Args:
        artefacts: what each of its jobs has made, as JSON: a home that was moved before anybody noted its place tells
            by these where it lay. Looked at where nothing was noted.
        others: where the homes of other hosts lie that share the database (`bcos_core.storage.artefacts`): what is in
            the same place under these is meant to be in this one.

    Raises:
        StorageError: the list cannot be read or written.
    """
    known = _places(home)
    new = [place for place in dict.fromkeys((*_present(home), *others)) if place not in known]
    if not new:
        return
    file = home.root / PLACES_FILE
    partial = home.root / f".{PLACES_FILE}.{secrets.token_hex(4)}"
    before = known or tuple(place for place in _told_by_jobs(home, artefacts) if place not in new)
    try:
        partial.write_text(to_json([*before, *new], PLACES_FILE), encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        raise StorageError(f"Cannot write {file} ({error.strerror}). Check who may write to the folder.") from error


def here(value: Any, home: Home | None = None) -> Any:
    """Plain data with every path in them as it is now; `home` is that of `BCOS_HOME` by default."""
    home = home or get_home()
    former = _former(home)
    return _moved(value, former, (*(f"{place}/" for place in _present(home)),), str(home.root)) if former else value


def everywhere(path: str | Path, home: Home | None = None) -> tuple[str, ...]:
    """The path, and what it was called wherever the home lay before."""
    home, path = home or get_home(), str(path)
    root = f"{home.root}/"
    if not path.startswith(root):
        return (path,)
    return (path, *(f"{place}/{path.removeprefix(root)}" for place in _former(home)))


def key_everywhere(key: str, home: Home) -> tuple[str, ...]:
    """The key of a job, in which paths are JSON strings, and the same as it was wherever the home lay before."""
    return (key, *(key.replace(_opening(str(home.root)), _opening(place)) for place in _former(home)))


def every_place(home: Home) -> tuple[str, ...]:
    """Every folder that the home is and was, the longest first."""
    return tuple(sorted({*_present(home), *_places(home)}, key=len, reverse=True))


def _opening(place: str) -> str:
    """How a path under a place begins as a JSON string."""
    return json.dumps(f"{place}/")[:-1]


def _moved(value: Any, former: tuple[str, ...], present: tuple[str, ...], root: str) -> Any:
    if isinstance(value, str):
        if value.startswith(present):
            return value
        place = next((place for place in former if value.startswith(f"{place}/")), None)
        return value if place is None else root + value.removeprefix(place)
    if isinstance(value, Mapping):
        return {name: _moved(one, former, present, root) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_moved(one, former, present, root) for one in value)
    return value


def _present(home: Home) -> tuple[str, ...]:
    """The folder, and what it is without links."""
    return tuple(dict.fromkeys((str(home.root), str(home.root.resolve()))))


def _former(home: Home) -> tuple[str, ...]:
    """The longest first: of two that lie in each other, it is the nearer one."""
    present = _present(home)
    return tuple(sorted((place for place in _places(home) if place not in present), key=len, reverse=True))


def _places(home: Home) -> tuple[str, ...]:
    file = home.root / PLACES_FILE
    try:
        return _read(file, file_stamp(file))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StorageError(f"{file} cannot be read ({error.strerror}). {_ADVICE}") from error


@lru_cache(maxsize=16)
def _read(file: Path, stamp: Stamp) -> tuple[str, ...]:
    return read_json(file, tuple[str, ...], error=StorageError, advice=_ADVICE)


def _told_by_jobs(home: Home, artefacts: Iterable[str]) -> tuple[str, ...]:
    """The places where jobs have made what lies in this home."""
    kinds = {folder.name for folder in home.made}
    found: dict[str, None] = {}
    for made in artefacts:
        try:
            paths = [Path(one) for one in json.loads(made) if isinstance(one, str)]
        except (ValueError, TypeError, RecursionError):  # a damaged row tells nothing
            continue
        for path in paths:
            if path.is_absolute() and path.parent.name in kinds and (home.root / path.parent.name / path.name).exists():
                found[str(path.parent.parent)] = None
    return tuple(found)
