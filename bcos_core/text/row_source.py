"""Whole data sets by their names: a file of any size, a data set of the hub or one that comes with the program; a few
rows of them are held at a time.

`files` reads tables of which something is made as a whole, within budgets that bound the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bcos_core.errors import DataError
from bcos_core.home import given_path, is_allowed, require_allowed
from bcos_core.text.embedded import EMBEDDED_TASKS
from bcos_core.text.named_data import KINDS, NamedData
from bcos_core.text.row_files import open_file
from bcos_core.text.row_sets import SPLITS, EmbeddedRows, HubRows
from bcos_core.text.rows import Rows


@dataclass(frozen=True)
class RowSource(NamedData):
    """Which rows: of an embedded task or a hub data set the `split` (None for the test side of the one, the training
    split of the other), of a file all.

    Raises:
        DataError: an unknown kind, not a hub id, or a split or configuration where there is none to choose.
        UnknownNameError: an unknown embedded task.
    """

    kind: str
    name: str
    hub_config: str | None = None
    split: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DataError(f"Unknown kind of data {self.kind!r}. Known: {', '.join(KINDS)}.")
        if self.kind == "embedded":
            EMBEDDED_TASKS[self.name]
        if self.kind == "file" and self.split:
            raise DataError(f"A file has no splits, but {self.split!r} was asked for. Leave it out.")
        if self.kind == "embedded" and self.split not in (None, *SPLITS):
            raise DataError(f"There is no side {self.split!r}. An embedded task has {', '.join(SPLITS)}.")
        self.require_hub()

    @classmethod
    def parse(
        cls, text: str, *, hub_config: str | None = None, split: str | None = None, restrict: bool = False
    ) -> RowSource:
        """What `text` names: an embedded task, `hub:OWNER/NAME` or `hub:OWNER/NAME:CONFIG`, `file:PATH` or the path of
        a file that exists, or else OWNER/NAME on the hub. Paths become absolute, so that a job started elsewhere finds
        them. With `restrict`, as pages ask, only files under the allowed roots; whether there are others is not looked
        at, and not to be learnt from the answer.

        Raises:
            DataError: it names nothing.
            PathNotAllowedError: no file can be called so, or, with `restrict`, it lies outside.
        """
        given = text.strip()
        prefix, _, rest = given.partition(":")
        if given in EMBEDDED_TASKS:
            return cls("embedded", given, hub_config, split)
        named = rest.strip() if prefix == "file" else given
        if restrict and (prefix == "file" or _is_path(given)):
            require_allowed(named)
        path = given_path(named) if not restrict or is_allowed(named) else None
        if path is not None and (prefix == "file" or (given and path.exists())):
            return cls("file", str(path.resolve()), hub_config, split)
        hub_id, _, config = (rest if prefix == "hub" else given).partition(":")
        if prefix == "hub" or (hub_id.count("/") == 1 and not Path(hub_id).suffix):
            return cls("hub", hub_id, config or hub_config, split)
        raise DataError(
            f"There is no data set {text!r}. Name a file (CSV, TSV, JSONL, JSON, Parquet), hub:OWNER/NAME, or an "
            f"embedded task ({', '.join(EMBEDDED_TASKS)})."
        )


def _is_path(given: str) -> bool:
    """Whether it is the path of a file by how it is written, and no id of the hub."""
    return given.startswith(("/", ".", "~")) or (given.count("/") > 1 and not given.startswith("hub:"))


def open_rows(source: RowSource) -> Rows:
    """
    Raises:
        DataError: no such file, data set or split, or one that cannot be read.
        HubUnavailableError: a hub data set, and neither a hub nor a copy in the local cache.
    """
    if source.kind == "embedded":
        return EmbeddedRows(source.name, source.split)
    if source.kind == "hub":
        return HubRows(source.name, source.hub_config, source.split)
    return open_file(Path(source.name))
