"""The table of a result: a row for each explanation, and for each row of the data that has none, with the reason.

`record_of` makes the attribution record of an explanation again, to be drawn and exported as any other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from bcos_core.attribution.answer_rows import Row
from bcos_core.attribution.record import Attribution, Cost, ReadPrompt, Target, Token
from bcos_core.batch.manifest import Manifest
from bcos_core.errors import BcosError, InputError
from bcos_core.storage.rows import UNREADABLE
from bcos_core.tasks.next_token import NextToken
from bcos_core.tasks.single_label import SingleLabel

EXPLAINED, CUT, LEFT_OUT = "explained", "cut", "left out"
STATES = (EXPLAINED, CUT, LEFT_OUT)

_WORDS = pa.list_(pa.string())
SCHEMA = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),  # of the data, counted from 1
        pa.field("id", pa.string()),  # the cell of the id column
        pa.field("method", pa.string(), nullable=False),
        pa.field("place", pa.int32()),  # of a language model: which token of the text is explained, counted from 0
        pa.field("state", pa.string(), nullable=False),  # one of STATES
        pa.field("reason", pa.string()),  # why it is cut or left out
        pa.field("text", pa.string()),
        pa.field("label", pa.string()),  # the cell of the label column
        pa.field("predicted", pa.string()),  # the model's answer; of a language model the likeliest token
        pa.field("confidence", pa.float32()),  # the probability of that; none of a score
        pa.field("mismatch", pa.bool_()),  # whether the answer is another than the label; none without one
        pa.field("target", pa.string()),  # what is explained
        pa.field("target_index", pa.int32()),
        pa.field("minus", pa.string()),  # what is subtracted from it
        pa.field("minus_index", pa.int32()),
        pa.field("logit", pa.float64()),  # of the target, of a contrast the difference, of a score the score
        pa.field("probability", pa.float64()),  # of the target
        pa.field("surprise", pa.float64()),  # −ln of that, in nats
        pa.field("completeness_error", pa.float64()),  # |sum − logit|, before the scores were rounded
        pa.field("reference_share", pa.float64()),
        pa.field("bias_share", pa.float64()),
        pa.field("tokens", _WORDS),
        pa.field("starts", pa.list_(pa.int32())),  # of each token in the text; none of one that the tokenizer added
        pa.field("ends", pa.list_(pa.int32())),
        pa.field("scores", pa.list_(pa.float32())),  # of each token
        pa.field("logits", pa.list_(pa.float64())),  # of every class, in the manifest's order
        pa.field("token_ids", pa.list_(pa.int32())),  # of a language model
        pa.field("truncated_at", pa.int32()),  # the character from which on the text was not read (or up to which)
    ]
)
"""Characters are counted as Python counts them: Unicode code points."""

SMALL = tuple(
    name
    for name in SCHEMA.names
    if name not in ("text", "tokens", "starts", "ends", "scores", "logits", "token_ids", "reason")
)
"""What is read to filter and sort: numbers and short words."""


@dataclass(frozen=True)
class Given:
    """A row of the data: its number from 1, its text ("" where there is none), and why it cannot be explained."""

    row: int
    text: str
    id: str | None = None
    label: str | None = None
    reason: str | None = None


def table_of(rows: Iterable[Mapping[str, Any]], metadata: Mapping[str, str]) -> pa.Table:
    schema = SCHEMA.with_metadata(dict(metadata))
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)


def left_out(given: Given, method: str, reason: str) -> dict[str, Any]:
    """The row of a text that has no explanation."""
    return _common(given, method) | {"state": LEFT_OUT, "reason": reason}


def row_of(given: Given, record: Attribution) -> dict[str, Any]:
    """That of a record of a classifier."""
    if record.failure is not None:
        return left_out(given, record.method, record.failure)
    exclusive, target = record.task_type == SingleLabel.name, record.target
    probability = record.probabilities[target.index] if record.probabilities and target.minus is None else None
    known = exclusive and given.label in record.labels
    return _common(given, record.method) | {
        **_cut(record.truncated_at, "The text is longer than the model reads: from character {:,} on it is not read."),
        "predicted": record.prediction.label,
        "confidence": record.probabilities[record.predicted] if record.probabilities else None,
        "mismatch": given.label != record.prediction.label if known else None,
        **_target(target),
        "logit": record.logit,
        **_surprise(probability),
        "completeness_error": record.completeness_error,
        "reference_share": record.reference_share,
        "bias_share": record.bias_share,
        **_tokens(record.tokens),
        "scores": record.scores,
        "logits": record.logits,
    }


def row_of_token(
    given: Given, method: str, read: Any, row: Row, *, label: str, likeliest: tuple[str, float]
) -> dict[str, Any]:
    """That of a token of a text that a language model `read` (`Encoded`): why it came after those before it."""
    written, confidence = likeliest
    cut = "The text has more tokens than the model reads: its first {:,} characters are not read."
    return _common(given, method) | {
        "place": row.place,
        **_cut(read.truncated_at, cut),
        "predicted": written,
        "confidence": confidence,
        "mismatch": written != label,
        **_target(Target(row.token, label)),
        "logit": row.logit,
        **_surprise(row.probability),
        "completeness_error": abs(sum(row.scores) + row.share - row.total),
        "reference_share": 0.0,
        "bias_share": row.share,
        **_tokens(read.tokens[: row.place]),
        "scores": row.scores,
        "token_ids": read.ids[: row.place],
    }


def read_record(row: Mapping[str, Any], manifest: Manifest) -> Attribution:
    """`record_of` a row that somebody else may have written: each of its values is looked at.

    Raises:
        InputError: it is not one that a run writes.
    """
    try:
        return Attribution.from_dict(record_of(row, manifest).to_dict())
    except (BcosError, *UNREADABLE, LookupError, AttributeError) as error:
        raise InputError(
            f"Row {row['row']} of this result is damaged ({error or type(error).__name__}). Explain the data again."
        ) from error


def record_of(row: Mapping[str, Any], manifest: Manifest) -> Attribution:
    """The record of a row that has one. What it cost is not kept."""
    method = manifest.method(row["method"])
    target = Target(row["target_index"], row["target"], row["minus_index"], row["minus"])
    prompt, text = None, row["text"]
    labels: tuple[str, ...]
    logits: tuple[float, ...]
    probabilities: tuple[float, ...]
    if manifest.task_type == NextToken.name:
        labels, logits, probabilities = (row["target"],), (row["logit"],), (row["probability"],)
        prompt = ReadPrompt(tuple(row["token_ids"]), (target.index,), manifest.vocabulary)
        text = text[: max((end or 0 for end in row["ends"]), default=0)]
    else:
        labels, logits = manifest.labels, tuple(row["logits"])
        probabilities = manifest.type.prediction(logits, labels).probabilities
    return Attribution(
        text=text,
        tokens=tuple(map(Token, row["tokens"], row["starts"], row["ends"])),
        scores=tuple(row["scores"]),
        method=method.name,
        parameters=dict(method.parameters),
        target=target,
        logit=row["logit"],
        reference_share=row["reference_share"],
        bias_share=row["bias_share"],
        additive=method.additive,
        logits=logits,
        probabilities=probabilities,
        labels=labels,
        model=manifest.model,
        weights_hash=manifest.weights_hash,
        cost=Cost(0.0, 0.0, 0.0),
        truncated_at=row["truncated_at"],
        seeds=(0,) if method.stochastic else (),
        versions=dict(manifest.versions),
        task_type=manifest.task_type,
        prompt=prompt,
    )


def _common(given: Given, method: str) -> dict[str, Any]:
    return {"row": given.row, "id": given.id, "method": method, "text": given.text, "label": given.label}


def _cut(at: int | None, said: str) -> dict[str, Any]:
    if at is None:
        return {"state": EXPLAINED}
    return {"state": CUT, "reason": said.format(at), "truncated_at": at}


def _target(target: Target) -> dict[str, Any]:
    return {
        "target": target.label,
        "target_index": target.index,
        "minus": target.minus_label,
        "minus_index": target.minus,
    }


def _surprise(probability: float | None) -> dict[str, float | None]:
    if probability is None:
        return {"probability": None, "surprise": None}
    return {"probability": probability, "surprise": -math.log(probability) if probability > 0 else math.inf}


def _tokens(tokens: Iterable[Token]) -> dict[str, list[Any]]:
    listed = list(tokens)
    return {
        "tokens": [one.text for one in listed],
        "starts": [one.start for one in listed],
        "ends": [one.end for one in listed],
    }
