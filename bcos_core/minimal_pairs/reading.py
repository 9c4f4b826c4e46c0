"""Files of BLiMP's shape: one minimal pair a row, as JSON lines, CSV, or any other table that can be read.

BLiMP's own columns: the text before the critical word and the two words (`one_prefix_prefix`, `one_prefix_word_good`,
`one_prefix_word_bad`), or where a paradigm has none of these, `sentence_good` and `sentence_bad`, which are cut at the
first word in which they differ. Which word is the evidence BLiMP does not say: files that do have it in a column of
its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bcos_core.errors import DataError
from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.minimal_pairs.split import places_of, split_texts
from bcos_core.storage.listing import LeftOut, Listing
from bcos_core.text.files import open_table
from bcos_core.text.labels import says_nothing, text_value
from bcos_core.text.words import Span

PREFIX = ("one_prefix_prefix", "one_prefix_word_good", "one_prefix_word_bad")
SENTENCES = ("sentence_good", "sentence_bad")
EVIDENCE = ("evidence", "target")
"""The column of the evidence word, the first of these that there is; "target" in the files of B-cos LM's authors."""
PARADIGM = "UID"


def read_pairs(path: str | Path, *, evidence_column: str | None = None) -> Listing[MinimalPair]:
    """The minimal pairs of a file, in its order, each once. Rows that cannot be used, or that contradict each other,
    are left out by number and reason.

    Args:
        evidence_column: the column with the evidence word, by default the first of `EVIDENCE` that the file has. Of a
            file without one the pairs have no evidence.

    Raises:
        DataError: the file cannot be read, lacks columns, or has no row that can be used.
    """
    table, name = open_table(path), Path(path).name
    word_column = _evidence_column(table.columns, evidence_column, name)
    _require_texts(table.columns, name)
    columns = tuple(column for column in (*PREFIX, *SENTENCES, PARADIGM, word_column) if column in table.columns)
    found: dict[int, MinimalPair] = {}  # by the row's number
    seen: dict[tuple[object, ...], int] = {}  # whatever paradigm a row names: the question is the same
    left_out: list[LeftOut] = []
    for number, cells in table.numbered_rows(columns):
        try:
            pair = _pair(dict(zip(columns, cells, strict=True)), word_column, Path(path).stem)
            if (first := seen.setdefault(pair.asked, number)) != number:
                raise DataError(f"It is the same as {table.unit} {first:,}.")
            found[number] = pair
        except DataError as error:
            left_out.append(LeftOut(f"{table.unit.capitalize()} {number:,}", str(error)))
    # Of two that contradict each other neither says what is right.
    said = {(pair.prefix, pair.good, pair.bad): number for number, pair in found.items()}
    for number, pair in list(found.items()):
        if (other := said.get((pair.prefix, pair.bad, pair.good))) is not None:
            reason = f"It calls right what {table.unit} {other:,} calls wrong."
            left_out.append(LeftOut(f"{table.unit.capitalize()} {number:,}", reason))
            del found[number]
    if not found:
        reason = f" The first of them: {left_out[0].reason}" if left_out else ""
        raise DataError(f"{name} has no row with a minimal pair that can be used.{reason}")
    return Listing(tuple(found.values()), tuple(left_out))


def _evidence_column(columns: tuple[str, ...], asked: str | None, name: str) -> str | None:
    if asked is not None and asked not in columns:
        raise DataError(f"{name} has no column {asked!r} for the evidence word. It has: {', '.join(columns)}.")
    return asked or next((column for column in EVIDENCE if column in columns), None)


def _require_texts(columns: tuple[str, ...], name: str) -> None:
    if not (set(PREFIX) <= set(columns) or set(SENTENCES) <= set(columns)):
        raise DataError(
            f"{name} has the columns {', '.join(columns)}. Expected minimal pairs as BLiMP has them: "
            f"{', '.join(PREFIX)}, or {' and '.join(SENTENCES)}; and the evidence word in a column named {EVIDENCE[0]}."
        )


def _pair(row: Mapping[str, Any], evidence_column: str | None, stem: str) -> MinimalPair:
    """
    Raises:
        DataError: why the row is left out.
    """
    good, bad = _texts(row)
    prefix, good_word, bad_word = split_texts(good, bad)
    evidence = None
    if evidence_column is not None:
        evidence = _evidence(_cell(row, evidence_column), prefix, _cell(row, SENTENCES[0]) or good)
    return MinimalPair(prefix, good_word, bad_word, evidence, _cell(row, PARADIGM) or stem)


def _texts(row: Mapping[str, Any]) -> tuple[str, str]:
    """The right and the wrong text: up to the word where the row says where that is, else the sentences."""
    prefix, *words = (_cell(row, column) for column in PREFIX)
    if prefix and all(words):
        return f"{prefix} {words[0]}", f"{prefix} {words[1]}"
    sentences = [_cell(row, column) for column in SENTENCES]
    if not all(sentences):
        raise DataError("It has neither a prefix with two words nor two sentences.")
    return sentences[0], sentences[1]


def _evidence(word: str, prefix: str, sentence: str) -> Span:
    """Where the evidence word stands in the prefix."""
    places = places_of(word, prefix) if word else ()
    if not places and (not word or says_nothing(word)):
        raise DataError("It names no evidence word.")
    if len(places) > 1:
        raise DataError(f"The evidence {word!r:.60} stands {len(places)} times before the critical word.")
    if places:
        return places[0]
    if any(start >= len(prefix) for start, _ in places_of(word, sentence)):
        raise DataError(
            f"The evidence {word!r:.60} stands at the critical word or after it: the model has not read it."
        )
    raise DataError(f"The evidence {word!r:.60} is not in the text before the critical word.")


def _cell(row: Mapping[str, Any], column: str) -> str:
    return text_value(row.get(column), column)
