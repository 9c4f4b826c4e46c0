"""A record as a table, one row a token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcos_core.text.pair import halves, is_pair
from bcos_core.text.units import word_units

if TYPE_CHECKING:
    import pandas as pd

    from bcos_core.attribution.record import Attribution


def token_frame(record: Attribution) -> pd.DataFrame:
    """See `Attribution.to_frame`."""
    import pandas as pd

    words = word_units(record.text, record.tokens)
    word_of = {position: number for number, word in enumerate(words) for position in word.positions}
    texts = [record.text[word.start : word.end] for word in words]
    numbers = [word_of.get(position) for position in range(len(record.tokens))]
    frame = pd.DataFrame(
        {
            "token": [token.text for token in record.tokens],
            "start": pd.array([token.start for token in record.tokens], dtype="Int64"),
            "end": pd.array([token.end for token in record.tokens], dtype="Int64"),
            "word": pd.array([None if number is None else texts[number] for number in numbers], dtype="string"),
            "word_index": pd.array(numbers, dtype="Int64"),
            "added": [token.added for token in record.tokens],
            "score": pd.array(record.scores, dtype="float64"),
        }
    )
    if record.spread is not None:
        frame["spread"] = record.spread
    if is_pair(record.text):
        border = halves(record.text)[1][0]
        parts = [None if token.start is None else int(token.start >= border) + 1 for token in record.tokens]
        frame["part"] = pd.array(parts, dtype="Int64")
    shares = ("method", "model", "logit", "reference_share", "bias_share")
    frame.attrs |= {"target": record.target.title} | {name: getattr(record, name) for name in shares}
    return frame
