"""A part of an answer as one record: the sum of its rows, which can be kept, drawn and computed again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from bcos_core.attribution.answer_rows import Measure, Row, answer_rows, part_of
from bcos_core.attribution.answers import as_it_stands, front_cut_off
from bcos_core.attribution.limit import read_again
from bcos_core.attribution.own import own_method
from bcos_core.attribution.record import AnswerPart, Attribution, Cost, ReadPrompt, Target
from bcos_core.attribution.versions import versions
from bcos_core.errors import InputError
from bcos_core.model.language_model import LanguageModel
from bcos_core.tasks.next_token import NextToken
from bcos_core.text.encoding import Encoded
from bcos_core.text.prompt import extended
from bcos_core.text.vocabulary import token_name

_SHOWN = 24  # characters at each end of a long part


def part_record(
    model: LanguageModel, read: Encoded, rows: Sequence[Row], measure: Measure, *, seconds: float = 0.0
) -> Attribution:
    """The record of consecutive rows of what was `read` (`answer_rows`). Its scores (tokens before the last row,) and
    `bias_share` add up to `logit`, the sum of the rows' totals; of log-odds the share that no token has is minus the
    entropies of the other tokens, and the biases'. Its target is the last token, whose own logit and probability
    `logits` and `probabilities` are.

    Raises:
        InputError: no row, or rows that do not follow one another.
    """
    part, last = part_of(rows), rows[-1]
    if [row.place for row in rows] != list(range(rows[0].place, last.place + 1)):
        raise InputError("The rows of a part of an answer follow one another; give them in their order, without gaps.")
    method, length, whole = own_method(model), last.place, AnswerPart(rows[0].place, measure)
    notes = [] if read.truncated_at is None else [front_cut_off(model, read.truncated_at)]
    notes += [] if model.is_bcos else [as_it_stands(model)]
    if measure == "log-odds":
        notes.append("Of log-odds, minus the entropy of the other tokens belongs to no token.")
    return Attribution(
        text=read.text[: max((token.end or 0 for token in read.tokens[:length]), default=0)],
        tokens=read.tokens[:length],
        scores=part.scores,
        method=method.name,
        parameters={},
        target=Target(last.token, said_of(read, rows)),
        logit=part.total,
        reference_share=0.0,
        bias_share=part.share,
        additive=True,
        logits=(last.logit,),
        probabilities=(last.probability,),
        labels=(token_name(model.tokenizer, last.token),),
        model=model.name,
        weights_hash=model.weights_hash,
        cost=Cost(len(rows), len(rows), seconds),
        truncated_at=read.truncated_at,
        versions=versions(model),
        task_type=NextToken.name,
        prompt=ReadPrompt(read.ids[:length], (last.token,), model.vocabulary, tuple(notes), whole),
    )


def part_again(record: Attribution, model: LanguageModel) -> Attribution:
    """Ask about the part of the answer that a record is of.

    Raises:
        InputError: the model calls its tokens otherwise, reads fewer of them, or has no such token.
    """
    assert record.prompt is not None and record.prompt.part is not None
    part, last = record.prompt.part, record.target.index
    if last >= model.vocabulary:
        raise InputError(f"{model.name} has {model.vocabulary:,} tokens, none of the number {last}.")
    began = time.perf_counter()
    read = extended(model.tokenizer, read_again(record, model), [last])
    rows = list(answer_rows(model, read, part.start, measure=part.measure))
    again = part_record(model, read, rows, part.measure, seconds=time.perf_counter() - began)
    return replace(again, text=record.text, target=replace(again.target, label=record.target.label))


def said_of(read: Encoded, rows: Sequence[Row]) -> str:
    """The text of the rows' tokens in quotes, of a long one the first and the last words."""
    said = read.text[read.tokens[rows[0].place].start or 0 : read.tokens[rows[-1].place].end].strip()
    if len(said) > 2 * _SHOWN:
        said = f"{said[:_SHOWN].rstrip()} … {said[-_SHOWN:].lstrip()}"
    return f"“{said}”" if said else "tokens of no characters"
