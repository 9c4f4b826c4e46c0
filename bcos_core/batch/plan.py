"""What a batch consists of, in parts that each take their time at one rate."""

from __future__ import annotations

from itertools import islice

from bcos_core.batch.spec import BatchSpec, require_fitting, span_of
from bcos_core.evaluate.plan import LOADING_SECONDS, READING_SECONDS, explaining
from bcos_core.jobs.part import START_SECONDS, Part
from bcos_core.tasks.next_token import NextToken
from bcos_core.text.row_source import open_rows
from bcos_core.text.words import count_words

TOKENS_OF_A_WORD = 1.3  # and two that the tokenizer adds to a text
_LOOKED_AT = 500
"""Rows by whose lengths the time is told."""
_COUNTING_SECONDS = 5e-4  # a row


def batch_plan(spec: BatchSpec) -> list[Part]:
    """
    Raises:
        DataError, InputError: the data, or the model, cannot be used.
        HubUnavailableError: a hub data set, and no hub.
    """
    model, data = spec.model, open_rows(spec.data)
    require_fitting(spec, data.columns)
    columns = [name for name in (spec.text_column, spec.second_column) if name is not None]
    seen = [
        sum(count_words(cell) for cell in cells if isinstance(cell, str))
        for cells in islice(data.cells(columns), _LOOKED_AT)
    ]
    rows = data.count or len(seen)
    words = sum(seen) / max(1, len(seen))
    tokens = 2 + TOKENS_OF_A_WORD * words
    asked = 1.0
    if model.task_type == NextToken.name:
        asked = float(len(range(max(1, round(tokens)))[span_of(spec.span)]))
    parts = [explaining(1, model, name, texts=rows * asked, tokens=tokens, name="") for name in spec.methods]
    whole = Part(1, "", parts[0].pace, sum(part.seconds for part in parts))
    return [
        Part(0, "", "read", START_SECONDS + READING_SECONDS + LOADING_SECONDS),
        whole,
        Part(2, "", "count contributions", max(0.1, _COUNTING_SECONDS * rows * asked * len(spec.methods))),
    ]
