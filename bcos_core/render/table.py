"""A record as a table: the same numbers as the picture, for reading, sorting and export."""

from __future__ import annotations

import math

import pandas as pd

from bcos_core.attribution.frame import other_shares
from bcos_core.attribution.record import Attribution
from bcos_core.render.pieces import Granularity, pieces
from bcos_core.text.pair import HEADINGS, halves, is_pair


def record_table(record: Attribution, granularity: Granularity = "word") -> pd.DataFrame:
    """One row per word, token or sentence, added tokens, reference and biases included, so that the scores add up.

    Columns: `text`, `start` and `end` (characters; missing for rows that are not in the text), of a pair `part` ("first
    text", "second text"), `score`, and `kind` ("word", "token", "sentence", "added", "reference", "biases" or, of a
    score, "base score"). A record of several seeds has `spread` too,
    the standard deviation over them; one that failed has `failure`, the reason, in the rows without a finite score.
    """
    rows: list[tuple[str, int | None, int | None, float, float | None, str]] = []
    for piece in pieces(record, granularity):
        if piece.score is None or piece.kind == "heading":  # a heading's share is the sum of its rows
            continue
        if piece.kind == "added":
            rows.append((piece.text, None, None, piece.score, piece.spread, "added"))
        else:
            rows.append((piece.text, piece.start, piece.end, piece.score, piece.spread, granularity))
    rows += [(name, None, None, share, None, name) for name, share in other_shares(record).items()]
    frame = pd.DataFrame(rows, columns=["text", "start", "end", "score", "spread", "kind"])
    frame = frame.astype({"start": "Int64", "end": "Int64", "score": "float64", "spread": "float64"})
    if is_pair(record.text):
        border = halves(record.text)[1][0]
        parts = [None if start is pd.NA else HEADINGS[int(start >= border)].lower() for start in frame["start"]]
        frame.insert(3, "part", pd.Series(parts, dtype="object"))
    if not record.seed_scores:
        del frame["spread"]
    if record.failure is not None:
        frame["failure"] = [None if math.isfinite(score) else record.failure for score in frame["score"]]
    return frame
