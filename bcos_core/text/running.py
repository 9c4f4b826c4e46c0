"""Texts to learn language from: the text column of a data set or file, a .txt file, or a folder of .txt files.

Labels are not needed, and not read.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from bcos_core.errors import DataError
from bcos_core.home import given_path
from bcos_core.numbers import count
from bcos_core.storage.content import Stamp, file_hash, file_stamp
from bcos_core.text.blank import is_blank
from bcos_core.text.bundle import open_bundle
from bcos_core.text.columns import guess_text_column
from bcos_core.text.decode import decode
from bcos_core.text.embedded import EMBEDDED_TASKS
from bcos_core.text.files import open_table
from bcos_core.text.hub import require_within_reach
from bcos_core.text.named_data import KINDS, NamedData
from bcos_core.text.split import TEST_SHARE, VALIDATION_SHARE, digest, position
from bcos_core.text.streamed import EVERYTHING, HALF, SIDES, Wanted, readable, streamed_texts
from bcos_core.text.table import MAX_FILE_BYTES, require_cell, require_size

LANGUAGE_TASK = "language-model"
"""What the command line calls this kind of task, beside `TASK_TYPES`: each next token of running text."""
TXT = ".txt"
FEWEST_TEXTS = 20
"""Of fewer, each is cut into its paragraphs: whole books would leave a side without a text."""
_COLUMNS_SHOWN = 30


@dataclass(frozen=True)
class TextSource(NamedData):
    """Where texts come from. `name` is an embedded task's name, a hub id, or the path of a file or folder; a
    `text_column` that is None is guessed. Files of the ending .txt have none.

    Raises:
        DataError: an unknown kind, not a hub id, or a column or configuration where there is none to choose.
        UnknownNameError: an unknown embedded task.
    """

    kind: str
    name: str
    text_column: str | None = None
    hub_config: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DataError(f"Unknown kind of texts {self.kind!r}. Known: {', '.join(KINDS)}.")
        if not self.name.strip():
            raise DataError("Texts are named by an embedded task, hub:OWNER/NAME or file:PATH; the name is empty.")
        if self.kind == "embedded":
            EMBEDDED_TASKS[self.name]
            if self.text_column:
                raise DataError(f"The embedded task {self.name!r} has no columns to choose. Leave them out.")
            if len(EMBEDDED_TASKS[self.name].text_columns) > 1:
                raise DataError(
                    f"The embedded task {self.name!r} has pairs of texts, which are no running text. Choose another."
                )
        self.require_hub()

    @classmethod
    def parse(cls, text: str, *, text_column: str | None = None, hub_config: str | None = None) -> TextSource:
        """What `text` names: an embedded name, `hub:OWNER/NAME` or `hub:OWNER/NAME:CONFIG`, `file:PATH`, or the bare
        path of a file or folder that exists. Paths become absolute, so that a job started elsewhere finds them.

        Raises:
            DataError: it names nothing.
        """
        given = text.strip()
        prefix, _, rest = given.partition(":")
        if given in EMBEDDED_TASKS:
            return cls("embedded", given, text_column, hub_config)
        if prefix == "hub":
            hub_id, _, config = rest.partition(":")
            return cls("hub", hub_id, text_column, config or hub_config)
        path = given_path(rest if prefix == "file" else given)
        if path.is_file() or path.is_dir():
            return cls("file", str(path.resolve()), text_column, hub_config)
        raise DataError(
            f"There are no texts {text!r}. Name an embedded task ({', '.join(EMBEDDED_TASKS)}), hub:OWNER/NAME, a file "
            "with a column of texts, a .txt file, or a folder of .txt files."
        )

    def require_within_reach(self) -> None:
        """Find out in seconds what would else be found out by a job.

        Raises:
            HubUnavailableError: a hub data set that the local cache has not, and no hub.
        """
        if self.kind == "hub":
            require_within_reach(self.name, self.hub_config)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class RunningText:
    """Texts on three sides that share none, and what a person should know of them. Within a side they stand in an order
    that depends on their texts alone."""

    title: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 over the texts of every side."""
        text = json.dumps([self.train, self.validation, self.test], ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def take(texts: Sequence[str], n: int | None, seed: int) -> tuple[str, ...]:
    """At most `n` texts, in their order; the same on every machine, and those of a smaller `n` are among them."""
    if n is None or n >= len(texts):
        return tuple(texts)
    drawn = sorted(range(len(texts)), key=lambda place: hashlib.sha256(f"{seed}\0{texts[place]}".encode()).digest())
    return tuple(texts[place] for place in sorted(drawn[:n]))


def load_texts(
    source: TextSource,
    wanted: Wanted = EVERYTHING,
    beat: Callable[[float, float], None] = lambda done, total: None,
) -> RunningText:
    """The texts of a source. Embedded tasks and data sets that come with sides keep these; others are split by hash,
    the same text always on the same side: 82 % to train on, 6 % for validation, 12 % for the test.

    A hub data set is streamed, and no further than the `wanted` texts need; of all others, all texts are there. `beat`
    hears how far a stream is.

    Raises:
        DataError: they cannot be used; the message says why.
        HubUnavailableError: a hub data set, and no hub.
    """
    if source.kind == "embedded":
        data = EMBEDDED_TASKS[source.name].load()
        return RunningText(data.title, data.train.texts, data.validation.texts, data.test.texts, data.notes)
    if source.kind == "hub":
        sides, notes = streamed_texts(
            source.name, source.hub_config, lambda columns: _column(columns, source.text_column), wanted, beat
        )
    else:
        path = Path(source.name)
        txt = path.suffix.lower() == TXT or (path.is_dir() and _txt_files(path))
        if txt and source.text_column:
            raise DataError(f"{path.name} has no columns: it is plain text. Leave the text column out.")
        sides, notes = _plain_texts(path) if txt else _table_texts(source)
    return _sided(source.title, sides, notes)


def source_hash(source: TextSource) -> str:
    """SHA-256 of the file, or of all files of the folder, that a source names; "" where it names none that is there."""
    path = Path(source.name)
    try:
        if source.kind != "file":
            return ""
        if path.is_dir():
            names = sorted(open_bundle(path).sizes)
            return _folder_hash(path, tuple((name, file_stamp(path / name)) for name in names))
        return file_hash(path) if path.is_file() and path.stat().st_size <= MAX_FILE_BYTES else ""
    except (OSError, DataError):
        return ""


@lru_cache(maxsize=16)
def _folder_hash(path: Path, files: tuple[tuple[str, Stamp], ...]) -> str:
    """Read once for as long as every file stays as it is: a page asks for it on every run."""
    return hashlib.sha256(json.dumps([[name, file_hash(path / name)] for name, _ in files]).encode()).hexdigest()


def _sided(title: str, sides: dict[str, list[str]], notes: tuple[str, ...]) -> RunningText:
    """
    Raises:
        DataError: a side is left without texts.
    """
    said = list(notes)
    seen: set[bytes] = set()
    kept: dict[str, list[tuple[bytes, str]]] = {}
    dropped = 0
    for side in SIDES:
        for text in sides.get(side, ()):
            key = digest(text)
            if key in seen:
                dropped += 1
                continue
            seen.add(key)
            kept.setdefault(side, []).append((key, text))
    if dropped:
        said.append(f"Repeated texts left out: {dropped:,}.")
    for side in kept:
        kept[side].sort()
    if set(kept) == {"train"}:
        kept = _split(kept["train"])
    elif "validation" not in kept or "test" not in kept:
        both = kept.pop("validation", []) + kept.pop("test", [])
        half = sum(position(key) < HALF for key, _ in both)
        half = max(1, min(half, len(both) - 1))
        kept |= {"validation": both[:half], "test": both[half:]}
        said.append("The held-out texts were halved into validation and test.")
    for side in ("train", "validation", "test"):
        if not kept.get(side):
            raise DataError(
                f"{title} leaves no text for {'training' if side == 'train' else side}: it has too few different texts "
                f"({len(seen):,}). Give more, or one with more paragraphs."
            )
    train, validation, test = (tuple(text for _, text in kept[side]) for side in ("train", "validation", "test"))
    return RunningText(title, train, validation, test, tuple(said))


def _split(texts: list[tuple[bytes, str]]) -> dict[str, list[tuple[bytes, str]]]:
    """By hash, at least one text on either held-out side where there are three."""
    in_test = sum(position(key) < TEST_SHARE for key, _ in texts)
    in_both = sum(position(key) < TEST_SHARE + VALIDATION_SHARE for key, _ in texts)
    first = min(max(in_test, 1), max(0, len(texts) - 2))
    second = min(max(in_both, first + 1), max(0, len(texts) - 1))
    return {"test": texts[:first], "validation": texts[first:second], "train": texts[second:]}


def require_folder_of_texts(path: Path) -> None:
    """
    Raises:
        DataError: it is no folder that can be read, or there is no .txt file in it.
    """
    if not path.is_dir():
        raise DataError(f"There is no folder {str(path)!r}. Give the path of a folder of .txt files.")
    if not os.access(path, os.R_OK | os.X_OK):
        raise DataError(f"The folder {str(path)!r} cannot be read. Check who may read it.")
    if not _txt_files(path):
        bundle = open_bundle(path)
        links = f" Symbolic links, which are not followed: {bundle.links:,}." if bundle.links else ""
        raise DataError(
            f"{path.name} has no .txt file in it, nor in the folders in it; other files: {len(bundle.sizes):,}.{links} "
            "Give a folder of .txt files."
        )


def _plain_texts(path: Path) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """What stands in a .txt file or in those of a folder: a text a file, or a paragraph where these are few.

    Raises:
        DataError: an empty or unreadable file, or more than is read.
    """
    notes: list[str] = []
    try:
        if path.is_dir():
            bundle = open_bundle(path)
            names = _txt_files(path)
            content = bundle.read(names)
            files = [(name, decode(content[name], name)) for name in names]
            notes.append(f"{count(len(files), '.txt file')}, {sum(len(text) for _, text in files):,} characters.")
            if bundle.links:
                notes.append(f"Symbolic links left out, which may lead anywhere: {bundle.links:,}.")
        else:
            require_size(path.stat().st_size, path.name)
            files = [(path.name, decode(path.read_bytes(), path.name))]
    except OSError as error:
        name = Path(error.filename or path).name
        raise DataError(f"{name} cannot be read ({error.strerror}). Check who may read it.") from error
    texts = [text for _, whole in files if not is_blank(text := whole.strip())]
    if not texts:
        raise DataError(f"{path.name} has no text in it: {count(len(files), 'file')}, all empty. Give some with text.")
    if blank := len(files) - len(texts):
        notes.append(f"Files left out because they are empty: {blank:,}.")
    if len(texts) < FEWEST_TEXTS:
        texts = [part.strip() for text in texts for part in _paragraphs(text)]
        notes.append(f"Fewer than {FEWEST_TEXTS} files: their paragraphs are the texts.")
    for text in texts:
        require_cell(len(text), f"A text of {path.name}")
    return {"train": texts}, tuple(notes)


def _paragraphs(text: str) -> Iterable[str]:
    """What stands between blank lines; the lines where there are none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not any(not line.strip() for line in lines):
        return [line for line in lines if not is_blank(line)]
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [part for lines_of in found if not is_blank(part := "\n".join(lines_of))]


def _txt_files(folder: Path) -> list[str]:
    return sorted(name for name in open_bundle(folder).sizes if PurePosixPath(name).suffix.lower() == TXT)


def _table_texts(source: TextSource) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    table = open_table(source.name)
    column = _column(table.columns, source.text_column)
    wanted = (column,) if table.side_column is None else (table.side_column, column)
    sides: dict[str, list[str]] = {}
    empty = 0
    for number, cells in table.numbered_rows(wanted):
        text = readable(cells[-1], column, f"{table.unit} {number:,}")
        side = "train" if table.side_column is None else cells[0]
        if text and side is not None:
            sides.setdefault(str(side), []).append(text)
        empty += not text
    notes = (f"Rows left out because their text is empty: {empty:,}.",) if empty else ()
    return sides, (*table.notes, *notes)


def _column(columns: Sequence[str], named: str | None) -> str:
    """
    Raises:
        DataError: there is no such column, or it cannot be guessed.
    """
    shown = ", ".join(map(repr, columns[:_COLUMNS_SHOWN]))
    if named is not None and named not in columns:
        raise DataError(f"There is no column {named!r}. The columns are {shown}: choose one of these.")
    column = named or guess_text_column(columns) or (columns[0] if len(columns) == 1 else None)
    if column is None:
        raise DataError(
            f"Cannot tell which column holds the text. The columns are {shown}: name it (on the command line: "
            "--text-column NAME)."
        )
    return column


def size_in_words(texts: RunningText) -> str:
    """How many texts there are on each side."""
    return (
        f"{count(len(texts.train), 'training text')}, {len(texts.validation):,} for validation, {len(texts.test):,} "
        f"for the test"
    )
