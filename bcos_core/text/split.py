"""Splitting into train, validation and test by the text itself.

The side of a text is a function of a hash of its normalised form. So two texts that differ only in case,
white space or compatibility characters always stand on the same side, adding rows moves no other row, and
every machine splits alike.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bcos_core.errors import DataError
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.tasks.task_type import Gold, TaskType
from bcos_core.text.examples import Examples
from bcos_core.text.labels import look_of
from bcos_core.text.pair import SEPARATOR

TEST_SHARE = 0.12
VALIDATION_SHARE = 0.06
MIN_PER_SIDE = 2  # of every class on every side; fewer gives an accuracy of 0 or 1 by luck
MIN_PER_CLASS = 3 * MIN_PER_SIDE
_CLASSES_SHOWN = 10

Rows = tuple[Sequence[str], Sequence[Gold]]  # texts and labels, aligned
Digest = bytes
Distinct = dict[Digest, tuple[str, Gold]]


@dataclass(frozen=True)
class Sides:
    """Three sides without a common text, and notes on what was left out for that."""

    train: Examples
    validation: Examples
    test: Examples
    notes: tuple[str, ...]


def normalize(text: str) -> str:
    """NFKC, case folded, white space collapsed: two texts with the same result count as one."""
    if text.isascii():
        folded = text.lower()  # the same for ASCII, and ten times faster
    else:
        # Case folding can undo NFKC for a few characters, hence once more.
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return SEPARATOR.join(" ".join(part.split()) for part in folded.split(SEPARATOR))


def digest(text: str) -> Digest:
    """SHA-256 of the normalised text."""
    return hashlib.sha256(normalize(text).encode()).digest()


def position(key: Digest) -> float:
    """The place of a digest on a line from 0 to 1, evenly spread over texts."""
    return int.from_bytes(key[:8], "big") / 2**64


def split_by_hash(
    texts: Sequence[str], golds: Sequence[Gold], labels: Sequence[str], task_type: TaskType | None = None
) -> Sides:
    """Train 82 %, validation 6 %, test 12 % of the distinct texts, stratum by stratum: class by class.

    `golds` are numbers into `labels`, or scores. A stratum with so few texts that a side would have less than
    `TaskType.least_per_side` of it fills that side with the next texts in hash order.

    Raises:
        DataError: a class has fewer than `MIN_PER_CLASS` distinct texts, or a side would be of no use.
    """
    kind = task_type or TASK_TYPES[USUAL]
    rows, notes = _distinct(texts, golds)
    keys_in_order = sorted(rows)
    by_stratum: dict[int, list[Digest]] = {}
    for key, stratum in zip(keys_in_order, kind.strata([rows[key][1] for key in keys_in_order], labels), strict=True):
        by_stratum.setdefault(stratum, []).append(key)
    if kind.exclusive:
        _require_enough([by_stratum.get(number, []) for number in range(len(labels))], labels)

    test: list[Digest] = []
    validation: list[Digest] = []
    train: list[Digest] = []
    for _, keys in sorted(by_stratum.items()):
        least = kind.least_per_side
        if len(keys) < 3 * least:  # too few to be on every side
            train += keys
            continue
        # Keys are in hash order, so each side is a stretch of them.
        in_test = sum(position(k) < TEST_SHARE for k in keys)
        in_both = sum(position(k) < TEST_SHARE + VALIDATION_SHARE for k in keys)
        first = min(max(in_test, least), len(keys) - 2 * least)
        second = min(max(in_both, first + least), len(keys) - least)
        test += keys[:first]
        validation += keys[first:second]
        train += keys[second:]
    train_side, validation_side, test_side = (
        _examples({key: rows[key] for key in keys}) for keys in (train, validation, test)
    )
    sides = {"train": train_side.labels, "validation": validation_side.labels, "test": test_side.labels}
    kind.require_sides(sides, labels)
    return Sides(train_side, validation_side, test_side, tuple(notes))


def keep_sides(train: Rows, validation: Rows | None, test: Rows | None) -> Sides:
    """The sides that a data set comes with; a text found on two sides stays on the later one only.

    If only one of validation and test is there, it is halved into both (as in arXiv 2502.12992 §4).

    Raises:
        DataError: a side is left without texts.
    """
    notes: list[str] = []

    def distinct(rows: Rows, side: str) -> Distinct:
        kept, side_notes = _distinct(*rows)
        notes.extend(f"In {side}: {note}" for note in side_notes)
        return kept

    def without(rows: Distinct, others: set[Digest], side: str) -> Distinct:
        kept = {key: row for key, row in rows.items() if key not in others}
        if len(kept) < len(rows):
            notes.append(f"Texts left out of {side} because they stand in a later side too: {len(rows) - len(kept):,}.")
        return kept

    train_rows = distinct(train, "training")
    if validation is not None and test is not None:
        validation_rows, test_rows = distinct(validation, "validation"), distinct(test, "test")
    else:
        side, rows = ("validation", validation) if validation is not None else ("test", test)
        if rows is None:
            raise ValueError("Expected a validation or a test side.")
        held_out = distinct(rows, side)
        validation_rows = {key: row for key, row in held_out.items() if position(key) < 0.5}
        test_rows = {key: row for key, row in held_out.items() if position(key) >= 0.5}
        notes.append(f"The {side} texts were halved into validation and test.")
    train_rows = without(train_rows, validation_rows.keys() | test_rows.keys(), "training")
    validation_rows = without(validation_rows, set(test_rows), "validation")
    for kept, side in ((train_rows, "training"), (validation_rows, "validation"), (test_rows, "test")):
        if not kept:
            raise DataError(f"The {side} side has no texts of its own. Choose a data set with more texts.")
    return Sides(_examples(train_rows), _examples(validation_rows), _examples(test_rows), tuple(notes))


def _distinct(texts: Sequence[str], labels: Sequence[Gold]) -> tuple[Distinct, list[str]]:
    """The first of each text, without those that carry different labels, and notes on what was dropped."""
    rows: Distinct = {}
    contradicting: set[Digest] = set()
    for text, label in zip(texts, labels, strict=True):
        key = digest(text)
        first = rows.setdefault(key, (text, label))
        if first[1] != label:
            contradicting.add(key)
    notes = []
    if duplicates := len(texts) - len(rows):
        notes.append(f"Repeated texts left out (the first of each stays): {duplicates:,}.")
    for key in contradicting:
        del rows[key]
    if contradicting:
        notes.append(f"Texts left out because they stand there with different labels: {len(contradicting):,}.")
    return rows, notes


def _require_enough(by_class: Sequence[Sequence[Digest]], classes: Sequence[str]) -> None:
    scarce = {c: len(keys) for c, keys in zip(classes, by_class, strict=True) if len(keys) < MIN_PER_CLASS}
    if not scarce:
        return
    if look := look_of(classes):
        shown = ", ".join(classes[:_CLASSES_SHOWN]) + (", …" if len(classes) > _CLASSES_SHOWN else "")
        raise DataError(
            f"Of {len(classes):,} different labels ({shown}) {len(scarce):,} have fewer than {MIN_PER_CLASS} texts. "
            f"{look}"
        )
    shown = ", ".join(f"{name!r} {count}" for name, count in list(scarce.items())[:_CLASSES_SHOWN])
    more = f" and {len(scarce) - _CLASSES_SHOWN:,} more" if len(scarce) > _CLASSES_SHOWN else ""
    raise DataError(
        f"Classes with too few different texts: {shown}{more}. Training, validation and test need at least "
        f"{MIN_PER_SIDE} of each class, {MIN_PER_CLASS} together. Add texts, merge these classes into others, or "
        "remove their rows."
    )


def _examples(rows: Distinct) -> Examples:
    """Rows in hash order, which mixes the classes."""
    ordered = [rows[key] for key in sorted(rows)]
    return Examples(tuple(text for text, _ in ordered), tuple(label for _, label in ordered))
