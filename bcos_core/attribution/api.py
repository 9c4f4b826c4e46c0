"""One call from texts to attribution records."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, SupportsIndex, overload

import torch

from bcos_core.arguments import whole_number
from bcos_core.attribution.answers import answers_of, kind_of_answers, prompt_of
from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.attribution.method import Method
from bcos_core.attribution.own import own_method
from bcos_core.attribution.question import Question, TargetLike, is_one, questions_of
from bcos_core.attribution.record import MOST_REPEATS, Attribution, Cost, Target
from bcos_core.attribution.references import tokens_of
from bcos_core.attribution.registry import METHODS
from bcos_core.attribution.versions import versions
from bcos_core.errors import InputError
from bcos_core.model.classifier import Classifier
from bcos_core.model.passes import by_halves, half_of, is_out_of_memory
from bcos_core.model.text_model import TextModel
from bcos_core.text.encoding import Encoded, batches_by_length, collate
from bcos_core.text.prompt import Message, Prompt


@overload
def explain(
    model: TextModel,
    texts: str | Encoded | Sequence[Message],
    *,
    method: str | None = None,
    target: TargetLike = None,
    minus: SupportsIndex | str | None = None,
    reference: str | None = None,
    seed: int = 0,
    repeats: int = 1,
    batch_size: int = 16,
    **options: Any,
) -> Attribution: ...


@overload
def explain(
    model: TextModel,
    texts: Iterable[Prompt],
    *,
    method: str | None = None,
    target: TargetLike = None,
    minus: SupportsIndex | str | None = None,
    reference: str | None = None,
    seed: int = 0,
    repeats: int = 1,
    batch_size: int = 16,
    **options: Any,
) -> list[Attribution]: ...


def explain(
    model: TextModel,
    texts: Prompt | Iterable[Prompt],
    *,
    method: str | None = None,
    target: TargetLike = None,
    minus: SupportsIndex | str | None = None,
    reference: str | None = None,
    seed: int = 0,
    repeats: int = 1,
    batch_size: int = 16,
    **options: Any,
) -> Attribution | list[Attribution]:
    """Attribution record of one text, or a list of them of several (a list, a column of a table, an array, a generator)
    in their order. Two texts that a model reads together are one of `bcos_core.text.pair.pair`. Safe to call from
    several threads at once.

    Of a language model the texts are prompts, and what is explained is the token that comes next: a prompt is a text,
    the messages of a conversation (`bcos_core.text.prompt`), or one that was read already (`Encoded`), such as a step
    of `generate` has.

    A classifier's text may be one that was read already, too (`encode`).

    A text over the model's limit is explained up to the limit, a prompt from where its end fits; the record says where
    it was cut.

    Args:
        method: a name in `METHODS`; `None` for the model's own sum, exact contributions: "bcos" of a B-cos model,
            "pullback" of any other.
        target: a class (number or label), or a token (number, or a text such as " Mary", of which the first token
            counts); a `Target` (which may be a contrast); or `None` for each text's predicted class, or likeliest
            token.
        minus: explain the target's logit minus that of this class or token. Of two words of several tokens the first
            at which they differ are compared; the record says so.
        reference: one of the method's `references`; `None` for the first of them that the tokenizer has a token for,
            and of a language model for nothing, where the method offers that.
        seed: of a stochastic method; the same seed gives a text the same scores, whatever else is asked about.
        repeats: how many seeds, from `seed` on, a stochastic method answers with: the record then has their mean,
            and the scores under each of them.
        batch_size: texts per batch; batches hold texts of similar length.
        options: of the method, such as `steps` of integrated gradients.

    Raises:
        TextError: a text with nothing in it, or one text where the model reads pairs (or the other way round).
        UnknownNameError: an unknown method, reference, option or label.
        InputError: a method that the model does not support; a number that is none or is out of range; a foil that is
            the word itself.
    """
    chosen = own_method(model) if method is None else METHODS[method]
    known: dict[str, Any] = {"is_bcos": model.is_bcos, "family": model.family, "answers": kind_of_answers(model)}
    refused = {m.name: m.unsupported(**known) for m in METHODS.values()}
    if reason := refused[chosen.name]:
        fitting = ", ".join(name for name, found in refused.items() if not found)
        raise InputError(f"{chosen.title} cannot explain {model.name}. {reason} Methods for it: {fitting}.")
    checked = chosen.checked_options(options)
    first = whole_number("seed", seed, least=0, most=2**32 - 1)
    count = whole_number("repeats", repeats, least=1, most=MOST_REPEATS)
    seeds = tuple(range(first, first + count)) if chosen.stochastic else ()
    batch_size = whole_number("batch_size", batch_size, least=1)
    tokens = tokens_of(model.tokenizer)
    reference = chosen.checked_reference(reference, tokens, against_nothing=not isinstance(model, Classifier))
    records: list[Attribution] = []
    for question in questions_of(model, texts, target, minus):
        found: dict[int, Attribution] = {}
        for positions in batches_by_length([len(text) for text in question.texts], batch_size):

            def explained(some: Sequence[int], question: Question = question) -> list[Attribution]:
                batch = collate(model.tokenizer, [question.texts[i] for i in some], model.device)
                inputs = MethodInput(model, batch, question.target, reference, checked)
                started = time.perf_counter()
                outputs = [_attributed(chosen, replace(inputs, seed=one)) for one in seeds or (0,)]
                seconds = (time.perf_counter() - started) / len(batch)
                return _records(inputs, outputs, chosen, seeds, seconds, question.notes)

            rows = [one for part in by_halves(positions, len(positions), model.device, explained) for one in part]
            found.update(zip(positions, rows, strict=True))
        records += [found[i] for i in range(len(question.texts))]
    return records[0] if is_one(texts) else records


def _attributed(method: Method, inputs: MethodInput) -> MethodOutput:
    """What a method gives; where memory ends, with half as many rows in a pass, and half of these again.

    Raises:
        RuntimeError: memory ends with one row in a pass: the texts of the batch are too many.
    """
    while True:
        rows = inputs.rows_per_pass
        try:
            return method.attribute(inputs)
        except Exception as error:
            if rows == 1 or not is_out_of_memory(error):
                raise
        inputs = replace(inputs, rows_at_most=half_of(rows, inputs.text_model.device))


def _records(
    inputs: MethodInput,
    outputs: Sequence[MethodOutput],
    method: Method,
    seeds: tuple[int, ...],
    seconds: float,
    notes: tuple[str, ...],
) -> list[Attribution]:
    """One record per text: the mean over the outputs, which differ by their seed alone."""
    model = inputs.text_model
    logits = outputs[0].logits.double()
    selected, classes = inputs.select(logits).tolist(), inputs.classes(logits).tolist()
    answered = answers_of(model, logits, inputs.target)
    scores = torch.stack([output.scores for output in outputs])  # (seeds, batch, tokens)
    rows, by_seed = scores.mean(0).tolist(), scores.tolist() if len(outputs) > 1 else []
    shares = torch.stack([output.reference_share for output in outputs]).double().mean(0).tolist()
    biases = [output.bias_share for output in outputs if output.bias_share is not None]
    bias_shares = torch.stack(biases).double().mean(0).tolist() if biases else [0.0] * len(rows)
    used = {**({"reference": inputs.reference} if method.references else {}), **inputs.parameters}
    cost = Cost(
        sum(output.forward_passes for output in outputs), sum(output.backward_passes for output in outputs), seconds
    )
    return [
        Attribution(
            text=text.text,
            tokens=text.tokens,
            scores=tuple(rows[i][: len(text)]),
            seed_scores=tuple(tuple(given[i][: len(text)]) for given in by_seed),
            method=method.name,
            parameters=used,
            target=inputs.target or Target(classes[i], answered[i].label_of(classes[i])),
            logit=selected[i],
            reference_share=shares[i],
            bias_share=bias_shares[i],
            additive=method.additive,
            logits=answered[i].logits,
            probabilities=answered[i].probabilities,
            labels=answered[i].labels,
            model=model.name,
            weights_hash=model.weights_hash,
            cost=cost,
            truncated_at=text.truncated_at,
            seeds=seeds,
            versions=versions(model),
            task_type=answered[i].kind,
            prompt=prompt_of(model, text, answered[i], method, notes),
        )
        for i, text in enumerate(inputs.batch.texts)
    ]
