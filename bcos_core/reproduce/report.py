"""What a run has found: figures, how they came about, on what; and what could not be had, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bcos_core.errors import InputError
from bcos_core.model.checkpoint import renamed_when_complete
from bcos_core.reproduce.figure import Figure, Found, Sample
from bcos_core.storage.listing import LeftOut, Listing, list_folders
from bcos_core.storage.plain import to_finite
from bcos_core.storage.stored_json import read_json, to_json

REPORT_FILE, SAMPLES_FILE = "report.json", "samples.json"
LARGEST = 256 << 20
"""Bytes: every value of every text."""
_ADVICE = "Run it again: what was trained and measured is kept."


@dataclass(frozen=True)
class Report:
    """`command` does the same again; `made_at` is ISO 8601, UTC; `seconds` is what this start of it took: what was
    trained or measured before took none. `left_out` is what could not be had."""

    name: str
    what: str
    scale: str
    command: str
    made_at: str
    seconds: float
    figures: tuple[Figure, ...]
    left_out: tuple[LeftOut, ...] = ()
    protocol: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)

    @property
    def groups(self) -> list[str]:
        """The headings, in their order."""
        return list(dict.fromkeys(one.group for one in self.figures))

    def figure(self, name: str) -> Figure | None:
        return next((one for one in self.figures if one.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def save_report(report: Report, found: Sequence[Found], folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the folder, whole or not at all: the report, the values behind its means, and other `files` by name.

    Raises:
        NotFiniteError: a figure is not a finite number.
        StorageError: the disk is full.
    """
    samples = {one.figure.name: asdict(one.sample) for one in found if one.sample is not None}
    with renamed_when_complete(folder) as partial:
        for file, data in ((REPORT_FILE, report.to_dict()), (SAMPLES_FILE, samples)):
            what = f"The {file.partition('.')[0]} of this run"
            (partial / file).write_text(to_json(to_finite(data, what), what), encoding="utf-8")
        for file, content in files.items():
            (partial / file).write_bytes(content)


def load_report(folder: Path) -> Report:
    """
    Raises:
        InputError: there is none that can be read.
    """
    return read_json(folder / REPORT_FILE, Report, error=InputError, advice=_ADVICE, largest=LARGEST)


def load_samples(folder: Path) -> dict[str, Sample]:
    """The values behind the means of a report, by the figure's name.

    Raises:
        InputError: they cannot be read.
    """
    kind = dict[str, Sample]
    return read_json(folder / SAMPLES_FILE, kind, error=InputError, advice=_ADVICE, largest=LARGEST)


def list_reports(folder: Path) -> Listing[Report]:
    """The runs that lie in a folder, the newest first; damaged ones are left out and named."""
    listing = list_folders(folder, load_report)
    return Listing(tuple(sorted(listing.found, key=lambda one: one.made_at, reverse=True)), listing.left_out)
