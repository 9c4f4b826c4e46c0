"""Which columns hold the texts and the labels: chosen by a person, or guessed from their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bcos_core.errors import DataError

TEXT_NAMES = (
    *("text", "sentence", "content", "review", "review_text", "document", "body", "message", "comment"),
    *("tweet", "utterance", "question", "passage", "article", "description", "title"),
)
LABEL_NAMES = (
    *("label", "labels", "class", "category", "sentiment", "target", "polarity", "emotion", "intent", "topic"),
    *("stars", "rating", "score", "coarse_label", "label_text"),
)

PAIR_NAMES = (
    *(("premise", "hypothesis"), ("sentence1", "sentence2"), ("question1", "question2"), ("text_a", "text_b")),
    *(("sentence_a", "sentence_b"), ("text1", "text2"), ("query", "passage")),
    *(("question", "sentence"), ("question", "passage"), ("question", "answer"), ("sentence", "question")),
)

_COLUMNS_SHOWN = 30
_NAME_SHOWN = 60


def guess_text_column(columns: Sequence[str]) -> str | None:
    """The column with the most usual name for a text, if there is one."""
    return _first_named(columns, TEXT_NAMES)


def guess_label_column(columns: Sequence[str]) -> str | None:
    """The column with the most usual name for a label, if there is one."""
    return _first_named(columns, LABEL_NAMES)


@dataclass(frozen=True)
class Columns:
    """The columns that a task is read from; `second` holds the second texts of pairs."""

    text: str
    label: str
    second: str | None = None
    rationale: str | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.text,) if self.second is None else (self.text, self.second)

    @property
    def all(self) -> tuple[str, ...]:
        """In the order in which `read_labelled` takes their cells."""
        return (*self.texts, self.label, *([] if self.rationale is None else [self.rationale]))


def guess_pair_columns(columns: Sequence[str]) -> tuple[str, str] | None:
    """The columns with the usual names for the two texts of a pair, if they are there."""
    by_name = {column.strip().casefold(): column for column in reversed(columns)}
    return next(((by_name[a], by_name[b]) for a, b in PAIR_NAMES if a in by_name and b in by_name), None)


def choose_columns(
    columns: Sequence[str],
    text_column: str | None,
    label_column: str | None,
    rationale_column: str | None = None,
    second_column: str | None = None,
) -> Columns:
    """The columns: those named, else guessed, the rationale column only where it is named. Pairs are guessed where no
    text column is named.

    Raises:
        DataError: a column is missing, cannot be guessed, or is named twice.
    """
    listed = _listed(columns)
    named = {"text": text_column, "second text": second_column, "label": label_column, "rationale": rationale_column}
    for name in named.values():
        if name is not None and name not in columns:
            raise DataError(f"There is no column {name!r}. The columns are {listed}: choose one of these.")
    require_different(named)
    free = [c for c in columns if c not in named.values()]
    text, second = text_column, second_column
    if text is None and second is None and (guessed := guess_pair_columns(free)):
        text, second = guessed
    text = text or guess_text_column(free)
    label = label_column or guess_label_column([c for c in free if c not in (text, second)])
    for column, what in ((text, "text"), (label, "label")):
        if column is None:
            raise DataError(
                f"Cannot tell which column holds the {what}. The columns are {listed}: name the {what} column "
                f"(on the command line: --{what}-column NAME)."
            )
    assert text is not None and label is not None
    return Columns(text, label, second, rationale_column)


def _listed(columns: Sequence[str]) -> str:
    """The columns' names, the first of them where there are many."""
    names = ", ".join(
        repr(c if len(c) <= _NAME_SHOWN else c[: _NAME_SHOWN - 1] + "…") for c in columns[:_COLUMNS_SHOWN]
    )
    return f"{names} and {len(columns) - _COLUMNS_SHOWN:,} more" if len(columns) > _COLUMNS_SHOWN else names


def require_different(named: Mapping[str, str | None]) -> None:
    """Refuse one column for two things; `named` are the columns by what they hold.

    Raises:
        DataError: there is one.
    """
    seen: dict[str, str] = {}
    for what, column in named.items():
        if column is None:
            continue
        if column in seen:
            raise DataError(
                f"The column {column!r} is chosen for both the {seen[column]} and the {what}. Choose a column of its "
                "own for each."
            )
        seen[column] = what


def _first_named(columns: Sequence[str], names: Sequence[str]) -> str | None:
    by_name = {column.strip().casefold(): column for column in reversed(columns)}
    return next((by_name[name] for name in names if name in by_name), None)
