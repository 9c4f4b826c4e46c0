"""Running text as a language model learns from it and is measured on it: sequences of tokens, each text whole, or many
texts packed into blocks of one length."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase

from bcos_core.arguments import list_of_texts, whole_number
from bcos_core.errors import DataError, TextError, UnsupportedModelError
from bcos_core.text.blank import is_blank
from bcos_core.text.encoding import SURROGATE, settings_kept

Ids = tuple[int, ...]

SHORTEST = 2
"""Tokens of a sequence: nothing is predicted of the first."""
_AT_ONCE = 256  # so that nobody waits long for the tokenizer


def whole_texts(tokenizer: PreTrainedTokenizerBase, texts: Iterable[str], max_length: int) -> list[Ids]:
    """Each text as a sequence of its own, in their order, with the token that opens every text where the tokenizer has
    one, and without what closes texts, as prompts have them. One of more than `max_length` tokens is cut into several,
    of which the last may be shorter. What is one token long predicts nothing, and is left out.

    Raises:
        TextError: an empty text, or no list of texts.
        DataError: nothing is left.
    """
    limit = whole_number("max_length", max_length, least=SHORTEST)
    cut = [
        ids[start : start + limit]
        for ids in _tokenized(tokenizer, texts, special=True)
        for start in range(0, len(ids), limit)
    ]
    found = [ids for ids in cut if len(ids) >= SHORTEST]
    if not found:
        raise DataError("Every text is one token long, so that nothing of it is predicted. Give longer texts.")
    return found


def packed(tokenizer: PreTrainedTokenizerBase, texts: Iterable[str], length: int) -> list[Ids]:
    """Blocks of exactly `length` tokens: the texts, in their order, each with the token that ends a text behind it, are
    one stream, which is cut. What is left at its end, shorter than a block, is dropped. A block may begin in the middle
    of a text, and a token sees all that stand before it in its block, of earlier texts too.

    Raises:
        TextError: an empty text, or no list of texts.
        DataError: the texts do not fill one block.
        UnsupportedModelError: a tokenizer without a token that ends a text.
    """
    size = whole_number("length", length, least=SHORTEST)
    end = tokenizer.eos_token_id
    if end is None:
        raise UnsupportedModelError(
            f"{type(tokenizer).__name__} has no token that ends a text, which stands between packed texts. Do not pack "
            "them, or choose a model that has one (eos_token)."
        )
    stream = [token for ids in _tokenized(tokenizer, texts, special=False) for token in (*ids, int(end))]
    if len(stream) < size:
        raise DataError(
            f"The texts have {len(stream):,} tokens together, which do not fill a block of {size:,}. Choose shorter "
            "blocks, give more text, or do not pack the texts."
        )
    return [tuple(stream[start : start + size]) for start in range(0, len(stream) - size + 1, size)]


def predicted_tokens(sequences: Iterable[Sequence[int]]) -> int:
    """How many tokens are predicted: all of each sequence but its first."""
    return sum(len(ids) - 1 for ids in sequences)


def _tokenized(tokenizer: PreTrainedTokenizerBase, texts: Iterable[str], *, special: bool) -> list[Ids]:
    given = list_of_texts(texts)
    for number, text in enumerate(given, 1):
        if not isinstance(text, str) or is_blank(text):
            raise TextError(f"Text {number} is empty. Type at least one word.")
    found: list[Ids] = []
    for start in range(0, len(given), _AT_ONCE):
        some = [SURROGATE.sub("\ufffd", text) for text in given[start : start + _AT_ONCE]]
        with settings_kept(tokenizer):
            encoding: Any = tokenizer(
                some, add_special_tokens=special, truncation=False, padding=False, return_attention_mask=False
            )
            owners = [encoding.sequence_ids(row) for row in range(len(some))]
        for ids, own in zip(encoding["input_ids"], owners, strict=True):
            last = next((place for place in reversed(range(len(ids))) if own[place] is not None), -1)
            found.append(tuple(ids[: last + 1]))
    return found
