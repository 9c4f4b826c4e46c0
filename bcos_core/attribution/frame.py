"""A record as a table: one row a token, and one for each share of the sum that no token has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcos_core.tasks.registry import answer_type
from bcos_core.text.pair import halves, is_pair
from bcos_core.text.units import word_units

if TYPE_CHECKING:
    import pandas as pd

    from bcos_core.attribution.record import Attribution

_NAMED = ("method", "model", "logit")
"""Of the record, what a frame keeps in its `attrs`."""


def token_frame(record: Attribution) -> pd.DataFrame:
    """See `Attribution.to_frame`."""
    import pandas as pd

    words = word_units(record.text, record.tokens)
    word_of = {position: number for number, word in enumerate(words) for position in word.positions}
    texts = [record.text[word.start : word.end] for word in words]
    shares = other_shares(record)
    none = [None] * len(shares)
    numbers = [*(word_of.get(position) for position in range(len(record.tokens))), *none]
    starts = [*(token.start for token in record.tokens), *none]
    frame = pd.DataFrame(
        {
            "token": [*(token.text for token in record.tokens), *shares],
            "start": pd.array(starts, dtype="Int64"),
            "end": pd.array([*(token.end for token in record.tokens), *none], dtype="Int64"),
            "word": pd.array([None if number is None else texts[number] for number in numbers], dtype="string"),
            "word_index": pd.array(numbers, dtype="Int64"),
            "kind": [*("added" if token.added else "token" for token in record.tokens), *shares],
            "score": pd.array([*record.scores, *shares.values()], dtype="float64"),
        }
    )
    if record.spread is not None:
        frame["spread"] = pd.array([*record.spread, *none], dtype="float64")
    if is_pair(record.text):
        border = halves(record.text)[1][0]
        frame["part"] = pd.array([None if at is None else int(at >= border) + 1 for at in starts], dtype="Int64")
    frame.attrs |= {"target": record.target.title} | {name: getattr(record, name) for name in _NAMED}
    return frame


def other_shares(record: Attribution) -> dict[str, float]:
    """What of the sum belongs to no token, by name: the reference's share, that of the biases (of a score the "base
    score"); those that are zero are left out."""
    shares = {"reference": record.reference_share, answer_type(record.task_type).tokenless: record.bias_share}
    return {name: share for name, share in shares.items() if share}
