"""What is asked of a model: its texts as it reads them, and the number that is explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, SupportsIndex

from bcos_core.arguments import list_of_texts, shown, whole_number
from bcos_core.attribution.record import Target
from bcos_core.errors import InputError, TextError, UnknownNameError
from bcos_core.model.classifier import Classifier
from bcos_core.model.language_model import LanguageModel
from bcos_core.model.next_token import likeliest
from bcos_core.model.text_model import TextModel
from bcos_core.text.encoding import Encoded, encode
from bcos_core.text.pair import require_texts
from bcos_core.text.prompt import Prompt, encode_prompt, extended
from bcos_core.text.vocabulary import NO_CHARACTER, written

_NAMED = 8  # tokens of a long word
TargetLike = Target | SupportsIndex | str | None


@dataclass(frozen=True)
class Question:
    """Texts and the target that all are asked about, None for what the model answers to each. `notes` say in sentences
    how the target was understood."""

    texts: tuple[Encoded, ...]
    target: Target | None
    notes: tuple[str, ...] = ()


def questions_of(
    model: TextModel, texts: str | Prompt | Iterable[Any], target: TargetLike, minus: SupportsIndex | str | None
) -> list[Question]:
    """One question about all texts; or, of a language model whose own answer is compared with a foil, one each.

    Raises:
        TextError: an empty text, one text where the model reads pairs (or the other way round), no prompt.
        UnknownNameError: an unknown label.
        InputError: no such class or token, or nothing, or the same, to subtract from.
    """
    if isinstance(model, LanguageModel):
        prompts = [encode_prompt(model.tokenizer, one, model.max_length) for one in _prompts(texts)]
        if minus is None or target is not None:
            return [_next_token(model, prompts, target, minus)]
        return [_next_token(model, [one], likeliest(model, one), minus) for one in prompts]
    assert isinstance(model, Classifier)
    listed = [texts] if isinstance(texts, str | Encoded) else list_of_texts(texts)  # type: ignore[arg-type]
    require_texts(model.name, model.pairs, [one.text if isinstance(one, Encoded) else one for one in listed])
    found = resolve_target(model.labels, target, minus)
    read = iter(encode(model.tokenizer, [one for one in listed if not isinstance(one, Encoded)], model.max_length))
    return [Question(tuple(one if isinstance(one, Encoded) else next(read) for one in listed), found)]


def is_one(texts: object) -> bool:
    """Whether what is asked about is one text or prompt: a conversation is a list, too."""
    return isinstance(texts, str | Encoded) or _is_conversation(texts)


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


def _is_conversation(texts: object) -> bool:
    return isinstance(texts, Sequence) and not isinstance(texts, str) and bool(texts) and isinstance(texts[0], Mapping)


def _prompts(texts: str | Prompt | Iterable[Any]) -> list[Prompt]:
    if is_one(texts):
        return [texts]  # type: ignore[list-item]
    if isinstance(texts, Mapping | bytes) or not isinstance(texts, Iterable):  # a message's keys would be prompts
        raise TextError(
            f"The prompt is a {type(texts).__name__}; expected a text, a list of messages, or a list of prompts."
        )
    listed: list[Any] = list(texts)
    for place, one in enumerate(listed, 1):
        if not is_one(one):
            raise TextError(f"Prompt {place} is a {type(one).__name__}; expected a text, or a list of messages.")
    return listed


def _next_token(
    model: LanguageModel, prompts: Sequence[Encoded], target: TargetLike, minus: SupportsIndex | str | None
) -> Question:
    """Of two words that begin alike, the prompt is to go on with what they share."""
    if isinstance(target, Target):
        return _next_token(model, prompts, target.index, target.minus if minus is None else minus)
    if target is None:
        return Question(tuple(prompts), None)
    word = _ids(model, target)
    if minus is None:
        return Question(tuple(prompts), Target(word[0], model.token_text(word[0])), _first_of(model, word, "explained"))
    foil = _ids(model, minus)
    at = next((n for n, both in enumerate(zip(word, foil, strict=False)) if both[0] != both[1]), None)
    if at is None:
        raise InputError(
            f"{_said(model, word)} minus itself is 0 after every prompt. Choose two different words."
            if word == foil
            else f"Of {_said(model, word)} and {_said(model, foil)} one begins with the other, so that there "
            "is no place at which two tokens could be compared. Choose two words that differ."
        )
    notes = [*_first_of(model, word, "compared", at), *_first_of(model, foil, "compared", at)]
    if at:
        prompts = [extended(model.tokenizer, one, word[:at]) for one in prompts]
        prompts = [encode_prompt(model.tokenizer, one, model.max_length) for one in prompts]
        notes.append(f"Both begin with {_said(model, word[:at])}, which stands at the end of the prompt.")
    return Question(
        tuple(prompts),
        Target(word[at], model.token_text(word[at]), foil[at], model.token_text(foil[at])),
        tuple(notes),
    )


def _ids(model: LanguageModel, given: SupportsIndex | str) -> tuple[int, ...]:
    if isinstance(given, str):
        return model.ids_of(given)
    return (whole_number("The token", given, least=0, most=model.vocabulary - 1),)


def _said(model: LanguageModel, ids: Sequence[int]) -> str:
    """Tokens in a message, cut where they are long."""
    text = written(model.tokenizer, ids)
    return shown("".join(map(model.token_text, ids)) if NO_CHARACTER in text else text)


def _first_of(model: LanguageModel, ids: tuple[int, ...], what: str, at: int = 0) -> tuple[str, ...]:
    """What to say of a word of several tokens, of which one is looked at."""
    if len(ids) == 1:
        return ()
    which = "the first" if at == 0 else "the first that differs"
    parts = ", ".join(repr(model.token_text(one)) for one in ids[:_NAMED]) + ", …" * (len(ids) > _NAMED)
    token = model.token_text(ids[at])
    return (f"{_said(model, ids)} is {len(ids)} tokens ({parts}): {which}, {token!r}, is {what}.",)
