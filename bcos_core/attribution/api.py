"""One call from texts to attribution records."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, overload

from bcos_core.attribution.question import Answer, Question
from bcos_core.attribution.record import Attribution, Cost, Target
from bcos_core.attribution.registry import METHODS, Method
from bcos_core.errors import InputError, UnknownNameError
from bcos_core.model.classifier import Classifier
from bcos_core.text.encoding import batches_by_length, collate, encode

TargetLike = Target | int | str | None


@overload
def explain(
    classifier: Classifier,
    texts: str,
    *,
    method: str = "bcos",
    target: TargetLike = None,
    reference: str | None = None,
    batch_size: int = 16,
    **parameters: Any,
) -> Attribution: ...


@overload
def explain(
    classifier: Classifier,
    texts: Sequence[str],
    *,
    method: str = "bcos",
    target: TargetLike = None,
    reference: str | None = None,
    batch_size: int = 16,
    **parameters: Any,
) -> list[Attribution]: ...


def explain(
    classifier: Classifier,
    texts: str | Sequence[str],
    *,
    method: str = "bcos",
    target: TargetLike = None,
    reference: str | None = None,
    batch_size: int = 16,
    **parameters: Any,
) -> Attribution | list[Attribution]:
    """Attribution records of one text, or of several in their order. Safe to call from several threads at once.

    A text over the model's limit is explained up to the limit; the record says where it was cut.

    Args:
        method: a name in `METHODS`.
        target: a class (number or label), a `Target` (which may be a contrast), or `None` for each text's
            predicted class.
        reference: one of the method's `references`; `None` for its default.
        batch_size: texts per batch; batches hold texts of similar length.
        parameters: options of the method, such as `steps` of integrated gradients.

    Raises:
        TextError: a text with nothing in it.
        UnknownNameError: an unknown method, reference, option or label.
        InputError: a method that the model does not support, or a class number out of range.
    """
    chosen = METHODS[method]
    if chosen.needs_bcos and not classifier.is_bcos:
        raise InputError(
            f"{chosen.title} needs a B-cos model; {classifier.name} is a conventional one. "
            f"Methods for any model: {', '.join(m.name for m in METHODS.values() if not m.needs_bcos)}."
        )
    reference = _checked_reference(chosen, reference)
    options = _checked_options(chosen, parameters)
    resolved = resolve_target(classifier.labels, target)
    single = isinstance(texts, str)
    encoded = encode(classifier.tokenizer, [texts] if isinstance(texts, str) else texts, classifier.max_length)
    records: dict[int, Attribution] = {}
    for positions in batches_by_length([len(text) for text in encoded], batch_size):
        batch = collate(classifier.tokenizer, [encoded[i] for i in positions], classifier.device)
        question = Question(classifier, batch, resolved, reference, options)
        started = time.perf_counter()
        answer = chosen.answer(question)
        seconds = (time.perf_counter() - started) / len(batch)
        records.update(zip(positions, _records(question, answer, chosen, seconds), strict=True))
    ordered = [records[i] for i in range(len(encoded))]
    return ordered[0] if single else ordered


def resolve_target(labels: Sequence[str], target: TargetLike) -> Target | None:
    """A class number or label as a `Target`.

    Raises:
        UnknownNameError: no such label.
        InputError: no such class number.
    """
    if target is None:
        return None
    if isinstance(target, str):
        if target not in labels:
            raise UnknownNameError("label", target, labels)
        return Target(list(labels).index(target), target)
    if isinstance(target, int):
        target = Target(target, labels[target] if 0 <= target < len(labels) else "")
    for index in (target.index, target.minus):
        if index is not None and not 0 <= index < len(labels):
            raise InputError(f"Class {index} is out of range: the model has classes 0 to {len(labels) - 1}.")
    return target


def _checked_reference(method: Method, reference: str | None) -> str | None:
    if not method.references:
        return None
    if reference is not None and reference not in method.references:
        raise UnknownNameError("reference", reference, method.references)
    return reference or method.references[0]


def _checked_options(method: Method, given: dict[str, Any]) -> dict[str, Any]:
    for name in given:
        if name not in method.parameters:
            raise UnknownNameError(f"option of {method.name}", name, method.parameters)
    return {**method.parameters, **given}


def _records(question: Question, answer: Answer, method: Method, seconds: float) -> list[Attribution]:
    classifier = question.classifier
    logits = answer.logits.double()
    selected, classes = question.select(logits).tolist(), question.classes(logits).tolist()
    shares, rows = answer.reference_share.tolist(), answer.scores.tolist()
    probabilities = logits.softmax(-1).tolist()
    used = {**({"reference": question.reference} if method.references else {}), **answer.parameters}
    return [
        Attribution(
            text=text.text,
            tokens=text.tokens,
            scores=tuple(rows[i][: len(text)]),
            method=method.name,
            parameters=used,
            target=question.target or Target(classes[i], classifier.labels[classes[i]]),
            logit=selected[i],
            reference_share=shares[i],
            additive=method.additive,
            logits=tuple(logits[i].tolist()),
            probabilities=tuple(probabilities[i]),
            labels=classifier.labels,
            model=classifier.name,
            weights_hash=classifier.weights_hash,
            cost=Cost(answer.forward_passes, answer.backward_passes, seconds),
            truncated_at=text.truncated_at,
            versions=_versions(),
        )
        for i, text in enumerate(question.batch.texts)
    ]


@cache
def _versions() -> dict[str, str]:
    return {package: version(package) for package in ("torch", "transformers", "captum")}
