"""Which columns hold the texts and the labels: chosen by a person, or guessed from their names."""

from __future__ import annotations

from collections.abc import Sequence

from bcos_core.errors import DataError

TEXT_NAMES = (
    *("text", "sentence", "content", "review", "review_text", "document", "body", "message", "comment"),
    *("tweet", "utterance", "question", "passage", "article", "description", "title"),
)
LABEL_NAMES = (
    *("label", "labels", "class", "category", "sentiment", "target", "polarity", "emotion", "intent", "topic"),
    *("stars", "rating", "score", "coarse_label", "label_text"),
)

_COLUMNS_SHOWN = 30
_NAME_SHOWN = 60


def guess_text_column(columns: Sequence[str]) -> str | None:
    """The column with the most usual name for a text, if there is one."""
    return _first_named(columns, TEXT_NAMES)


def guess_label_column(columns: Sequence[str]) -> str | None:
    """The column with the most usual name for a label, if there is one."""
    return _first_named(columns, LABEL_NAMES)


def choose_columns(
    columns: Sequence[str], text_column: str | None, label_column: str | None, rationale_column: str | None = None
) -> tuple[str, str]:
    """The text and the label column: those named, else guessed, and never the rationale column.

    Raises:
        DataError: a column is missing, cannot be guessed, or is named for both.
    """
    listed = _listed(columns)
    for name in (text_column, label_column, rationale_column):
        if name is not None and name not in columns:
            raise DataError(f"There is no column {name!r}. The columns are {listed}: choose one of these.")
    if text_column is not None and text_column == label_column:
        raise DataError(
            f"The column {text_column!r} is chosen for both the text and the label. Choose two different columns of "
            f"{listed}."
        )
    require_other(rationale_column, text_column, label_column)
    text = text_column or guess_text_column([c for c in columns if c not in (label_column, rationale_column)])
    label = label_column or guess_label_column([c for c in columns if c not in (text, rationale_column)])
    for column, what in ((text, "text"), (label, "label")):
        if column is None:
            raise DataError(
                f"Cannot tell which column holds the {what}. The columns are {listed}: name the {what} column "
                f"(on the command line: --{what}-column NAME)."
            )
    assert text is not None and label is not None
    return text, label


def _listed(columns: Sequence[str]) -> str:
    """The columns' names, the first of them where there are many."""
    names = ", ".join(
        repr(c if len(c) <= _NAME_SHOWN else c[: _NAME_SHOWN - 1] + "…") for c in columns[:_COLUMNS_SHOWN]
    )
    return f"{names} and {len(columns) - _COLUMNS_SHOWN:,} more" if len(columns) > _COLUMNS_SHOWN else names


def require_other(rationale_column: str | None, text_column: str | None, label_column: str | None) -> None:
    """Refuse a rationale column that holds the texts or the labels.

    Raises:
        DataError: it does.
    """
    if rationale_column is not None and rationale_column in (text_column, label_column):
        what = "text" if rationale_column == text_column else "label"
        raise DataError(
            f"The column {rationale_column!r} is chosen for both the {what} and the rationale. Choose another one for "
            "the rationale, or none."
        )


def _first_named(columns: Sequence[str], names: Sequence[str]) -> str | None:
    by_name = {column.strip().casefold(): column for column in reversed(columns)}
    return next((by_name[name] for name in names if name in by_name), None)
