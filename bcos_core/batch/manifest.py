"""What a result was computed from and under, beside its shards: it is gone on with, and read, under nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from bcos_core.errors import InputError
from bcos_core.storage.content import name_of
from bcos_core.storage.stored_json import read_json, to_json
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.tasks.task_type import TaskType

MANIFEST_FILE = "manifest.json"
FORMAT = 1
_ADVICE = "Give the folder of a result of explain-dataset, or explain the data again."


@dataclass(frozen=True)
class UsedMethod:
    """A method with all its parameters."""

    name: str
    parameters: dict[str, bool | int | float | str | None]
    additive: bool
    stochastic: bool


@dataclass(frozen=True)
class Manifest:
    """`identity` is all that the model's answers depend on (`bcos_core.model.identity`), `fingerprint` that of the
    data, `rows` how many these have, as far as they say; `options` are `BatchSpec.options`, `schema` the names and
    types of the columns."""

    model: str
    folder: str
    identity: str
    weights_hash: str
    task_type: str
    labels: tuple[str, ...]
    vocabulary: int
    data: str
    fingerprint: str
    rows: int | None
    methods: tuple[UsedMethod, ...]
    options: dict[str, Any]
    versions: dict[str, str]
    schema: tuple[tuple[str, str], ...]
    format: int = FORMAT

    @property
    def id(self) -> str:
        """What every shard of the result has in its metadata."""
        return name_of({name: value for name, value in asdict(self).items() if name not in _SAID})

    @property
    def type(self) -> TaskType:
        """Of a classifier."""
        return TASK_TYPES[self.task_type]

    def method(self, name: str) -> UsedMethod:
        """
        Raises:
            KeyError: there is none of that name.
        """
        return {one.name: one for one in self.methods}[name]


_SAID = ("model", "folder", "data")
"""What things are called: the same work has another name elsewhere."""
_NAMES = {
    "identity": "the model",
    "weights_hash": "the model's weights",
    "fingerprint": "the data",
    "rows": "the number of rows",
    "options": "the options",
    "methods": "the methods",
    "versions": "the versions of the libraries",
}


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """
    Raises:
        OSError: the disk is full, or cannot be written.
    """
    partial = folder / f".{MANIFEST_FILE}.partial"
    partial.write_text(to_json(asdict(manifest), MANIFEST_FILE, indent=2), encoding="utf-8")
    partial.replace(folder / MANIFEST_FILE)


def read_manifest(folder: Path) -> Manifest:
    """
    Raises:
        InputError: there is none, or none that can be read.
    """
    file = folder / MANIFEST_FILE
    if not file.is_file():
        raise InputError(f"The folder {folder.name!r} has no {MANIFEST_FILE}. {_ADVICE}")
    found = read_json(file, Manifest, error=InputError, advice=_ADVICE)
    if found.format != FORMAT:
        raise InputError(f"{file.name} has the format {found.format}; this program reads {FORMAT}. {_ADVICE}")
    if len({one.name for one in found.methods}) != len(found.methods) or not found.methods:
        raise InputError(f"{file.name} names no method, or one twice. {_ADVICE}")
    return found


def require_same(found: Manifest, asked: Manifest, folder: Path) -> None:
    """Refuse to go on with a result of something else.

    Raises:
        InputError: says what differs.
    """
    if found.id == asked.id:
        return
    differ = []
    for name in (one.name for one in fields(Manifest) if one.name not in _SAID):
        before, now = getattr(found, name), getattr(asked, name)
        if before == now:
            continue
        if name == "options":
            differ += [
                f"{key} (was {_said(before.get(key))}, is {_said(now[key])})"
                for key in now
                if before.get(key) != now[key]
            ]
        else:
            differ.append(f"{_NAMES.get(name, name)} (was {_said(before)}, is {_said(now)})")
    raise InputError(
        f"The folder {str(folder)!r} holds a result of something else: {'; '.join(differ)}. Choose another folder, or "
        "remove this one to begin anew."
    )


def _said(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=asdict)
    return text if len(text) <= 60 else f"{text[:59]}…"
