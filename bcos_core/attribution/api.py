"""One call from texts to attribution records."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from typing import Any, SupportsIndex, overload

import torch

from bcos_core.arguments import list_of_texts, whole_number
from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.attribution.method import Method
from bcos_core.attribution.record import MOST_REPEATS, Attribution, Cost, Target
from bcos_core.attribution.references import tokens_of
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError, UnknownNameError
from bcos_core.model.classifier import Classifier
from bcos_core.text.encoding import batches_by_length, collate, encode
from bcos_core.text.pair import require_texts

TargetLike = Target | SupportsIndex | str | None


@overload
def explain(
    classifier: Classifier,
    texts: str,
    *,
    method: str = "bcos",
    target: TargetLike = None,
    reference: str | None = None,
    seed: int = 0,
    repeats: int = 1,
    batch_size: int = 16,
    **options: Any,
) -> Attribution: ...


@overload
def explain(
    classifier: Classifier,
    texts: Iterable[str],
    *,
    method: str = "bcos",
    target: TargetLike = None,
    reference: str | None = None,
    seed: int = 0,
    repeats: int = 1,
    batch_size: int = 16,
    **options: Any,
) -> list[Attribution]: ...


def explain(
    classifier: Classifier,
    texts: str | Iterable[str],
    *,
    method: str = "bcos",
    target: TargetLike = None,
    reference: str | None = None,
    seed: int = 0,
    repeats: int = 1,
    batch_size: int = 16,
    **options: Any,
) -> Attribution | list[Attribution]:
    """Attribution record of one text, or a list of them of several (a list, a column of a table, an array, a generator)
    in their order. Two texts that a model reads together are one of `bcos_core.text.pair.pair`. Safe to call from
    several threads at once.

    A text over the model's limit is explained up to the limit; the record says where it was cut.

    Args:
        method: a name in `METHODS`.
        target: a class (number or label), a `Target` (which may be a contrast), or `None` for each text's
            predicted class.
        reference: one of the method's `references`; `None` for the first of them that the tokenizer has a token for.
        seed: of a stochastic method; the same seed gives a text the same scores, whatever else is asked about.
        repeats: how many seeds, from `seed` on, a stochastic method answers with: the record then has their mean,
            and the scores under each of them.
        batch_size: texts per batch; batches hold texts of similar length.
        options: of the method, such as `steps` of integrated gradients.

    Raises:
        TextError: a text with nothing in it, or one text where the model reads pairs (or the other way round).
        UnknownNameError: an unknown method, reference, option or label.
        InputError: a method that the model does not support; a number that is none or is out of range.
    """
    chosen = METHODS[method]
    refused = {m.name: m.unsupported(is_bcos=classifier.is_bcos, family=classifier.family) for m in METHODS.values()}
    if reason := refused[chosen.name]:
        fitting = ", ".join(name for name, found in refused.items() if not found)
        raise InputError(f"{chosen.title} cannot explain {classifier.name}. {reason} Methods for it: {fitting}.")
    checked = chosen.checked_options(options)
    first = whole_number("seed", seed, least=0, most=2**32 - 1)
    count = whole_number("repeats", repeats, least=1, most=MOST_REPEATS)
    seeds = tuple(range(first, first + count)) if chosen.stochastic else ()
    batch_size = whole_number("batch_size", batch_size, least=1)
    resolved = resolve_target(classifier.labels, target)
    reference = chosen.checked_reference(reference, tokens_of(classifier.tokenizer))
    single = isinstance(texts, str)
    listed = [texts] if isinstance(texts, str) else list_of_texts(texts)
    require_texts(classifier.name, classifier.pairs, listed)
    encoded = encode(classifier.tokenizer, listed, classifier.max_length)
    records: dict[int, Attribution] = {}
    for positions in batches_by_length([len(text) for text in encoded], batch_size):
        batch = collate(classifier.tokenizer, [encoded[i] for i in positions], classifier.device)
        inputs = MethodInput(classifier, batch, resolved, reference, checked)
        started = time.perf_counter()
        outputs = [chosen.attribute(replace(inputs, seed=one)) for one in seeds or (0,)]
        seconds = (time.perf_counter() - started) / len(batch)
        records.update(zip(positions, _records(inputs, outputs, chosen, seeds, seconds), strict=True))
    ordered = [records[i] for i in range(len(encoded))]
    return ordered[0] if single else ordered


def resolve_target(
    labels: Sequence[str], target: TargetLike, minus: SupportsIndex | str | None = None
) -> Target | None:
    """A class number or label as a `Target`; with `minus`, that class's logit minus the one of `minus`.

    Raises:
        UnknownNameError: no such label.
        InputError: no such class number, or nothing, or the same class, to subtract from.
    """
    if minus is not None:
        first, second = resolve_target(labels, target), resolve_target(labels, minus)
        if first is None or second is None:
            raise InputError("A difference of two classes needs both: name the class to subtract from.")
        if first.index == second.index:
            raise InputError(f"{first.label!r} minus itself is 0 for every text. Choose two different classes.")
        return Target(first.index, first.label, second.index, second.label)
    if target is None:
        return None
    if isinstance(target, str):
        if target not in labels:
            raise UnknownNameError("label", target, labels)
        return Target(list(labels).index(target), str(target))
    if isinstance(target, Target):
        subtracted = None if target.minus is None else _class_number(labels, target.minus)
        return replace(target, index=_class_number(labels, target.index), minus=subtracted)
    index = _class_number(labels, target)
    return Target(index, labels[index])


def _class_number(labels: Sequence[str], given: SupportsIndex) -> int:
    return whole_number("The class", given, least=0, most=len(labels) - 1)


def _records(
    inputs: MethodInput, outputs: Sequence[MethodOutput], method: Method, seeds: tuple[int, ...], seconds: float
) -> list[Attribution]:
    """One record per text: the mean over the outputs, which differ by their seed alone."""
    classifier = inputs.classifier
    logits = outputs[0].logits.double()
    selected, classes = inputs.select(logits).tolist(), inputs.classes(logits).tolist()
    scores = torch.stack([output.scores for output in outputs])  # (seeds, batch, tokens)
    rows, by_seed = scores.mean(0).tolist(), scores.tolist() if len(outputs) > 1 else []
    shares = torch.stack([output.reference_share for output in outputs]).double().mean(0).tolist()
    biases = [output.bias_share for output in outputs if output.bias_share is not None]
    bias_shares = torch.stack(biases).double().mean(0).tolist() if biases else [0.0] * len(rows)
    answered = [classifier.task_type.prediction(row, classifier.labels) for row in logits.tolist()]
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
            target=inputs.target or Target(classes[i], classifier.labels[classes[i]]),
            logit=selected[i],
            reference_share=shares[i],
            bias_share=bias_shares[i],
            additive=method.additive,
            logits=answered[i].logits,
            probabilities=answered[i].probabilities,
            labels=classifier.labels,
            model=classifier.name,
            weights_hash=classifier.weights_hash,
            cost=cost,
            truncated_at=text.truncated_at,
            seeds=seeds,
            versions=_versions(),
            task_type=classifier.task_type.name,
        )
        for i, text in enumerate(inputs.batch.texts)
    ]


@cache
def _versions() -> dict[str, str]:
    return {package: version(package) for package in ("torch", "transformers", "captum")}
