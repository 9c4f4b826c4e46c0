"""Which columns of a file hold the texts of a batch: named, or guessed from their names."""

from __future__ import annotations

from collections.abc import Sequence

from bcos_core.errors import DataError
from bcos_core.model.info import CheckpointInfo
from bcos_core.text.columns import guess_pair_columns, guess_text_column

HEADED = (".csv", ".tsv")
"""The endings of files whose first line names the columns, or should."""


def choose_text_columns(
    columns: Sequence[str], text: str | None, second: str | None, model: CheckpointInfo
) -> tuple[str, str | None]:
    """The column of the texts, and of a model that reads pairs that of the second ones.

    Raises:
        DataError: one is not named and cannot be guessed.
    """
    guessed = guess_columns(columns, model)
    chosen, other = text or guessed[0], second or (guessed[1] if text is None else None)
    if chosen is None or (model.pairs and other is None):
        which = "the texts" if chosen is None else "the second texts"
        raise DataError(
            f"Cannot tell which column holds {which}. The columns are {', '.join(map(repr, columns))}: name it "
            f"(on the command line: --{'' if chosen is None else 'second-'}column NAME)."
        )
    return chosen, other


def guess_columns(columns: Sequence[str], model: CheckpointInfo) -> tuple[str | None, str | None]:
    """The columns that a model was trained on where the file has them, else those with the usual names; of a file with
    one column, that one."""
    named = model.text_columns or ()
    if named and all(name in columns for name in named):
        return named[0], (named[1] if len(named) == 2 else None)
    if model.pairs and (pair := guess_pair_columns(columns)):
        return pair
    if model.pairs:
        return None, None
    return guess_text_column(columns) or (columns[0] if len(columns) == 1 else None), None


def may_be_text(column: str) -> bool:
    """Whether the name of a column is rather a text, so that its file has no header: several words, or a sentence's
    end."""
    name = column.strip()
    return guess_text_column([name]) is None and (len(name.split()) > 2 or name.endswith((".", "!", "?")))
