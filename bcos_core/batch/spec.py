"""What a batch is: which texts of which file, which model, which methods; and how much of it there may be."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import DataError, InputError
from bcos_core.model.info import CheckpointInfo, read_info
from bcos_core.text.files import open_table
from bcos_core.text.labels import text_value
from bcos_core.text.pair import SEPARATOR

MOST_TEXTS = 2_000
"""Of one batch: a table that can still be read, and records that fit into memory."""
MOST_METHODS = 4
MOST_CHARACTERS = 20_000
"""Of one text: what is longer than any model reads is a column that was mistaken for texts."""


@dataclass(frozen=True)
class BatchSpec:
    """`methods` explain the texts in a column of `file` (of pairs in two) on the model in the folder `checkpoint`: for
    `target`, one of its outputs by name, or each text's own answer where that is None.

    Raises:
        InputError: no method, too many, or one that is named twice.
        UnknownNameError: no such method.
    """

    checkpoint: str
    methods: tuple[str, ...]
    file: str
    text_column: str
    second_column: str | None = None
    target: str | None = None

    def __post_init__(self) -> None:
        for name in self.methods:
            METHODS[name]
        if not 1 <= len(self.methods) <= MOST_METHODS or len(set(self.methods)) < len(self.methods):
            raise InputError(
                f"The methods are {', '.join(self.methods) or 'none'}; expected 1 to {MOST_METHODS} different ones."
            )

    @property
    def model(self) -> CheckpointInfo:
        """
        Raises:
            CheckpointError: it is not there any more.
        """
        return read_info(Path(self.checkpoint))


@dataclass(frozen=True)
class BatchTexts:
    """The texts of a batch in the order of the file, and how many rows were empty."""

    texts: tuple[str, ...]
    empty_rows: int


def read_texts(file: str | Path, text_column: str, second_column: str | None, model: CheckpointInfo) -> BatchTexts:
    """The texts, of a model that reads pairs two in each. Read before anything is computed.

    Raises:
        DataError: the file, or a column, cannot be used; no row has a text; more texts, or longer ones, than a batch
            may have.
        InputError: one column for a model that reads pairs, or two for one that reads single texts.
    """
    if model.pairs is not None and model.pairs != (second_column is not None):
        need = "two columns, one for each text of a pair" if model.pairs else "one column of texts"
        raise InputError(f"{model.name} reads {'pairs of texts' if model.pairs else 'single texts'}. Choose {need}.")
    table = open_table(file)
    columns = (text_column, *([] if second_column is None else [second_column]))
    for column in columns:
        if column not in table.columns:
            raise DataError(f"There is no column {column!r}. The columns are {', '.join(map(repr, table.columns))}.")
    if len(set(columns)) < len(columns):
        raise DataError(f"The column {text_column!r} is chosen for both texts. Choose a column of its own for each.")
    texts: list[str] = []
    empty = 0
    # One row more than is allowed says that there are too many, however many those are.
    for number, cells in islice(table.numbered_rows(columns), MOST_TEXTS + 1):
        parts = [text_value(cell, column) for cell, column in zip(cells, columns, strict=True)]
        if not all(parts):
            empty += 1
            continue
        texts.append(SEPARATOR.join(parts))
        if len(texts[-1]) > MOST_CHARACTERS:
            raise DataError(
                f"The text in {table.unit} {number:,} has {len(texts[-1]):,} characters; a text of a batch has at most "
                f"{MOST_CHARACTERS:,}. Cut it, or choose another column."
            )
    if len(texts) + empty > MOST_TEXTS:
        raise DataError(
            f"{Path(file).name} has more than {MOST_TEXTS:,} rows, the most of one batch. Take a part of it."
        )
    if not texts:
        raise DataError(f"No row of {Path(file).name} has a text in {' and '.join(map(repr, columns))}.")
    return BatchTexts(tuple(texts), empty)
