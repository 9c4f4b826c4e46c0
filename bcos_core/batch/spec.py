"""What is asked about a data set: which rows of which columns, which model, which methods, and in which pieces."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bcos_core.attribution.registry import METHODS
from bcos_core.device import PRECISIONS
from bcos_core.errors import DataError, InputError
from bcos_core.model.info import CheckpointInfo, read_any_info
from bcos_core.option import choice, misfits
from bcos_core.tasks.next_token import NextToken
from bcos_core.text.row_source import RowSource

MOST_METHODS = 4
MOST_SHARDS = 99_000
"""Files of a result, beside which there are others: what a store of artefacts takes of one folder."""
LAST_TOKEN = "-1:"
_SPAN = re.compile(r"(-?\d{1,9})?:(-?\d{1,9})?")


@dataclass(frozen=True)
class BatchSpec:
    """`methods` explain the texts in a column of `data` (of pairs in two) on the model in the folder `checkpoint`: for
    `target`, one of its outputs by name (minus that of `minus`), or each text's own answer where that is None.

    Of a language model the tokens of each text that `span` names, as a slice of Python does, are explained as what
    comes next after those before them; the method is its own sum, and the target each token itself.

    `id_column` names the rows; `label_column` holds what they should be answered. `output` is the folder of the result,
    None for one among the batches of `BCOS_HOME`. `workers` of a Ray cluster do it together; with 0 it is done here.

    Raises:
        InputError: no method, too many, or one that is named twice; an option out of range; a span that is none.
        DataError: one column for two things.
        UnknownNameError: no such method.
    """

    checkpoint: str
    methods: tuple[str, ...]
    data: RowSource
    text_column: str
    second_column: str | None = None
    id_column: str | None = None
    label_column: str | None = None
    target: str | None = None
    minus: str | None = None
    span: str = LAST_TOKEN
    precision: str = choice("fp32", "Precision", "Numbers that the model computes in.", choices=PRECISIONS)
    shard_rows: int = choice(2_048, "Rows in a file", "Rows in each file of the result.", least=1, most=1_000_000)
    workers: int = choice(0, "Ray workers", "Workers of a Ray cluster; 0: this process alone.", least=0, most=10_000)
    output: str | None = None

    def __post_init__(self) -> None:
        for name in self.methods:
            METHODS[name]
        if not 1 <= len(self.methods) <= MOST_METHODS or len(set(self.methods)) < len(self.methods):
            raise InputError(
                f"The methods are {', '.join(self.methods) or 'none'}; expected 1 to {MOST_METHODS} different ones."
            )
        for name, option in misfits(self).items():
            raise InputError(f"{name} is {getattr(self, name)!r}; expected {option.expected}.")
        if self.minus is not None and self.target is None:
            raise InputError("A difference of two classes needs both: name the target, too.")
        if self.second_column == self.text_column:
            raise DataError(
                f"The column {self.text_column!r} is chosen for both texts. Choose a column of its own for each."
            )
        span_of(self.span)

    @property
    def model(self) -> CheckpointInfo:
        """
        Raises:
            CheckpointError: it is not there any more.
        """
        return read_any_info(Path(self.checkpoint))

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the texts, then of the id and the label, those that are named."""
        named = (self.text_column, self.second_column, self.id_column, self.label_column)
        return tuple(dict.fromkeys(name for name in named if name is not None))

    @property
    def options(self) -> dict[str, Any]:
        """What the numbers depend on beside the model and the data: a result is gone on with under the same alone."""
        names = (
            *("methods", "text_column", "second_column", "id_column", "label_column", "target", "minus", "span"),
            *("precision", "shard_rows"),
        )
        return {name: getattr(self, name) for name in names}


def span_of(text: str) -> slice:
    """The tokens that "START:END" names, as a slice of Python does: "-1:" the last one, "1:" all but the first.

    Raises:
        InputError: it is none.
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise InputError(
            f"The span is {text!r}; expected START:END, tokens counted from 0, or from the end where negative: -1: is "
            "the last one, 1: all but the first."
        )
    return slice(*(None if one is None else int(one) for one in found.groups()))


def require_few_shards(spec: BatchSpec, shards: int) -> None:
    """
    Raises:
        InputError: a result would have more files than are kept of one.
    """
    if shards > MOST_SHARDS:
        raise InputError(
            f"With {spec.shard_rows:,} rows in each file the result has {shards:,} files or more; at most "
            f"{MOST_SHARDS:,} are kept. Put more rows into each file (--shard-rows)."
        )


def require_fitting(spec: BatchSpec, columns: tuple[str, ...]) -> None:
    """Refuse before anything is computed what the model cannot do, and columns that are not there.

    Raises:
        CheckpointError: the model is not there any more.
        DataError: a column that is not there.
        InputError: one column for a model that reads pairs, or two for one that reads single texts; a method that
            cannot serve the model; a target or several methods of a language model.
    """
    model = spec.model
    for column in spec.columns:
        if column not in columns:
            raise DataError(f"There is no column {column!r}. The columns are {', '.join(map(repr, columns))}.")
    if model.task_type == NextToken.name:
        own = "bcos" if model.kind == "bcos" else "pullback"
        if spec.methods != (own,) or spec.target is not None or spec.second_column is not None:
            raise InputError(
                f"{model.name} is a language model: each token of a span is explained, by the model's own sum ({own}), "
                "of one column of texts. Leave the target, other methods and a second column out."
            )
        return
    if model.pairs is not None and model.pairs != (spec.second_column is not None):
        need = "two columns, one for each text of a pair" if model.pairs else "one column of texts"
        raise InputError(f"{model.name} reads {'pairs of texts' if model.pairs else 'single texts'}. Choose {need}.")
    for name in spec.methods:
        reason = METHODS[name].unsupported(is_bcos=model.kind == "bcos", family=model.family, answers=model.task_type)
        if reason:
            raise InputError(f"{METHODS[name].title} cannot explain {model.name}. {reason}")
