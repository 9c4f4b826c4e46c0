"""What a language model writes, token by token, with a key–value cache.

Only logits come out of here. Why a token was written is asked afterwards, of what stood before it (`Written.prefix`):
a cache keeps keys and values of earlier tokens as numbers, so that a gradient through it would stop there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from bcos_core.arguments import one_number, shown, whole_number
from bcos_core.errors import InputError
from bcos_core.model.anatomy import family_of
from bcos_core.model.language_model import LanguageModel
from bcos_core.model.next_token import TOP, Alternatives, alternatives, require_finite
from bcos_core.model.pooling import scaled_logits
from bcos_core.model.shared_copy import shared_copy
from bcos_core.text.encoding import Encoded
from bcos_core.text.prompt import Prompt, encode_prompt, extended, unfinished_tokens
from bcos_core.wanted import require_wanted

MAX_TOKENS = 50
End = Literal["stop", "length", "context"]


@dataclass(frozen=True)
class Written:
    """One token that a model has written.

    `token` is its number and `text` what it adds to the text, nothing where it is a special one or no whole character
    yet; `logit` and `probability` (over the vocabulary, at temperature 1) are its own, and `alternatives` begin with
    it. `prefix` is all that it was written after: `explain` it with `target=token`. `end` says why nothing follows: it
    is a stop token, as many as were asked for are there, or the model reads no more.
    """

    token: int
    text: str
    logit: float
    probability: float
    alternatives: Alternatives
    prefix: Encoded
    end: End | None = None


def generate(
    model: LanguageModel,
    prompt: Prompt,
    *,
    max_tokens: int = MAX_TOKENS,
    temperature: float = 0.0,
    seed: int = 0,
    stop: tuple[int, ...] | None = None,
    top: int = TOP,
) -> Iterator[Written]:
    """What the model writes after a prompt, each token as soon as it is there. Leaving the loop ends it.

    Args:
        prompt: a text, messages, or one that was read already: what a step had before it, to go on from there.
        max_tokens: how many at most.
        temperature: 0 for the likeliest token each time; else a token is drawn by softmax(logits / temperature).
        seed: of the draws; the same one gives the same text.
        stop: tokens after which nothing follows; the model's own if None.
        top: how many alternatives to give besides the token itself.

    Raises:
        TextError: an empty prompt.
        InputError: a classifier, or a number that is none or is out of range.
        NotFiniteError: logits that are no numbers.
    """
    if not isinstance(model, LanguageModel):
        raise InputError(f"{model.name} is a classifier, which writes nothing. Load a language model, such as smollm2.")
    most = whole_number("max_tokens", max_tokens, least=1)
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**32 - 1))
    heat, kept = _temperature(temperature), whole_number("top", top, least=1)
    read = encode_prompt(model.tokenizer, prompt, model.max_length)
    ends = model.stop_ids if stop is None else _stop(model, stop)
    return _written(model, read, most, heat, generator, ends, kept)


def _written(
    model: LanguageModel,
    prefix: Encoded,
    most: int,
    temperature: float,
    generator: torch.Generator,
    stop: tuple[int, ...],
    top: int,
) -> Iterator[Written]:
    reader = _CachedReader(model)
    logits = reader.read(prefix.ids)
    for count in range(1, most + 1):
        require_finite(model, logits)
        token = _chosen(logits, temperature, generator)
        longer = extended(model.tokenizer, prefix, [token])
        found = alternatives(model, logits, asked=[token], top=top)
        end: End | None = None
        if token in stop:
            end = "stop"
        elif count == most:
            end = "length"
        elif len(longer) > model.max_length:
            end = "context"
        text = _added_text(model, prefix, longer)
        yield Written(token, text, found.logits[0], found.probabilities[0], found, prefix, end)
        if end is not None:
            return
        prefix, logits = longer, reader.read((token,))


def _added_text(model: LanguageModel, prefix: Encoded, longer: Encoded) -> str:
    """What the last token adds to the text: nothing if it is special or leaves a character unfinished, all of the
    character that it completes."""
    if longer.tokens[-1].added or unfinished_tokens(model.tokenizer, longer):
        return ""
    first = len(prefix) - unfinished_tokens(model.tokenizer, prefix)
    return longer.text[longer.tokens[first].start :]


class _CachedReader:
    """Reads tokens one after another on a copy of the model's structure; keys and values of earlier ones are kept."""

    def __init__(self, model: LanguageModel) -> None:
        self._device = model.device
        self._model: Any = shared_copy(model.model, {"training": False, "explanation_mode": False})
        self._head: Any = self._model.get_submodule(family_of(self._model).output)
        self._cache: Any = None

    @torch.no_grad()
    def read(self, ids: tuple[int, ...]) -> Tensor:
        """Logits (vocabulary,) of what comes after these tokens, which come after all that were read before."""
        require_wanted()
        output = self._model.base_model(
            input_ids=torch.tensor([ids], device=self._device), past_key_values=self._cache, use_cache=True
        )
        self._cache = output.past_key_values
        logits: Tensor = scaled_logits(self._model, self._head(output.last_hidden_state[0, -1]))
        return logits.float()


def _chosen(logits: Tensor, temperature: float, generator: torch.Generator) -> int:
    if temperature == 0.0:
        return int(logits.argmax())
    below = logits.double().cpu() - logits.max().double().cpu()  # at a temperature near 0 all others go to −∞, not it
    probabilities = (below / temperature).softmax(0)
    return int(torch.multinomial(probabilities, 1, generator=generator))


def _stop(model: LanguageModel, given: tuple[int, ...]) -> tuple[int, ...]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError(f"stop is {shown(given)}; expected the numbers of tokens, such as (2,).")
    return tuple(whole_number("A token of stop", one, least=0, most=model.vocabulary - 1) for one in given)


def _temperature(given: float) -> float:
    number = one_number(given)
    if number is None or not math.isfinite(number) or number < 0:
        raise InputError(f"The temperature is {shown(given)}; expected 0 for the likeliest token, or a number above.")
    return number
