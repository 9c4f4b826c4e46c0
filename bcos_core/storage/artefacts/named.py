"""Which artefacts plain data and the files of a folder name: what is brought, or put, together with them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bcos_core.home import Home
from bcos_core.storage.places import every_place
from bcos_core.storage.plain import to_plain

LARGEST = 16_000_000
"""Bytes of a JSON file that is read to find out what it names."""
_TWIN = ("checkpoint.json", "twin")
"""Where a model names the model beside it by its folder alone."""


def path_of(folder: Path, home: Home) -> str | None:
    """What an artefact is called in the database ("KIND/NAME"), by its folder or anything in it; None of all else."""
    for parent in home.shared:
        for root in (parent, parent.resolve()):
            if folder.is_relative_to(root) and folder != root:
                parts = folder.relative_to(root).parts
                deep = 2 if parent == home.trash else 1  # in the trash each time has a folder
                if len(parts) < deep or any(part.startswith(".") for part in parts[:deep]):
                    return None
                return "/".join((parent.name, *parts[:deep]))
    return None


def named_in(value: Any, home: Home) -> frozenset[str]:
    """The artefacts whose folders, or files in them, are named in plain data, wherever the home was then."""
    return _named(json.dumps(to_plain(value), ensure_ascii=False), home)


def named_in_folder(folder: Path, home: Home) -> frozenset[str]:
    """Those that are named in the JSON files of an artefact: its data, the models that it is about, a model's twin."""
    found: set[str] = set()
    for file in folder.glob("*.json"):
        try:
            text = file.read_text(encoding="utf-8", errors="replace") if file.stat().st_size <= LARGEST else ""
        except OSError:  # gone meanwhile
            continue
        found |= _named(text, home)
        if file.name == _TWIN[0] and (twin := _twin(text)):
            found.add(f"{folder.parent.name}/{twin}")
    return frozenset(found)


def all_named(first: Iterable[str], home: Home) -> Iterator[str]:
    """Artefacts, then what the folders of these name, and so on, each once: a folder is read when the next is asked
    for."""
    waiting, done = list(dict.fromkeys(first)), set()
    while waiting:
        path = waiting.pop(0)
        if path in done:
            continue
        done.add(path)
        yield path
        waiting += sorted(named_in_folder(home.root / path, home) - done)


def _named(text: str, home: Home) -> frozenset[str]:
    kinds = "|".join(re.escape(folder.name) for folder in home.shared if folder != home.trash)
    roots = "|".join(re.escape(json.dumps(place, ensure_ascii=False)[1:-1]) for place in every_place(home))
    found = re.findall(rf'(?:{roots})/({kinds})/([^/"\\\x00.][^/"\\\x00]*)', text)
    return frozenset(f"{kind}/{name}" for kind, name in found)


def _twin(text: str) -> str:
    try:
        twin = json.loads(text).get(_TWIN[1])
    except (ValueError, AttributeError, RecursionError):  # damaged: whoever reads it says so
        return ""
    return twin if isinstance(twin, str) and re.fullmatch(r"[^/\x00.][^/\x00]*", twin) else ""
