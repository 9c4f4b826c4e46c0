"""Texts as tokens with character offsets, and batches of them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import BatchEncoding, PreTrainedTokenizerBase

from bcos_core.arguments import list_of_texts, whole_number
from bcos_core.errors import TextError, UnsupportedModelError
from bcos_core.text.blank import is_blank
from bcos_core.text.token import Token

# A tokenizer cuts by a setting of its own, which threads that share it would change under each other.
_tokenizers = threading.Lock()
_SHOWN = 40  # characters that name a text: its number is that of no file
_TEXTS_AT_ONCE = 256  # so that nobody waits long for the lock
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Encoded:
    """One text as the model sees it.

    `ids` and `tokens` run in parallel. `truncated_at` is the character where the text was cut because it
    was longer than the limit, `None` if it was not.
    """

    text: str
    ids: tuple[int, ...]
    tokens: tuple[Token, ...]
    truncated_at: int | None

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Batch:
    """Padded texts: `input_ids` and `attention_mask` (batch, tokens); `ordinary` (batch, tokens) is true for
    tokens that stand for a piece of the text, false for padding and for tokens that the tokenizer added."""

    texts: tuple[Encoded, ...]
    input_ids: Tensor
    attention_mask: Tensor
    ordinary: Tensor

    def __len__(self) -> int:
        return len(self.texts)


def encode(tokenizer: PreTrainedTokenizerBase, texts: Iterable[str], max_length: int) -> list[Encoded]:
    """Tokenize without padding; a text over `max_length` tokens (added ones included) is cut. Safe to call from several
    threads with one tokenizer, whose settings stay as they are.

    Raises:
        TextError: a text with nothing in it for the model to read; the message names it. Or no list of texts.
        InputError: a limit that leaves no room for a token of the text.
        UnsupportedModelError: the tokenizer gives no character offsets.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise UnsupportedModelError(
            f"{type(tokenizer).__name__} gives no character offsets. "
            "Use a model with a fast tokenizer (tokenizer.json)."
        )
    limit = whole_number("max_length", max_length, least=tokenizer.num_special_tokens_to_add() + 1)
    texts = list_of_texts(texts)
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise TextError(f"Text {position + 1} is a {type(text).__name__}; expected a string.")
        if is_blank(text):
            raise TextError(f"Text {position + 1} is empty. Type at least one word.")
    result: list[Encoded] = []
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        result += _encoded(tokenizer, texts[start : start + _TEXTS_AT_ONCE], limit, first=start + 1)
    return result


def fit_within(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int) -> list[bool]:
    """Whether each text has at most `max_length` tokens, added ones included, so that the limit leaves it whole."""
    fits: list[bool] = []
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        part = texts[start : start + _TEXTS_AT_ONCE]
        encoding = _tokenized(tokenizer, part, max_length)
        fits += [not encoding[row].overflowing for row in range(len(part))]
    return fits


def _encoded(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], limit: int, *, first: int) -> Iterator[Encoded]:
    """The texts, of which the first has the number `first`."""
    encoding = _tokenized(tokenizer, texts, limit)
    for row, text in enumerate(texts):
        ids = encoding["input_ids"][row]
        names = tokenizer.convert_ids_to_tokens(ids)
        tokens = tuple(
            Token(name, None, None) if added else Token(name, start, end)
            for name, added, (start, end) in zip(
                names, encoding["special_tokens_mask"][row], encoding["offset_mapping"][row], strict=True
            )
        )
        if all(token.added for token in tokens):
            raise TextError(
                f"Text {first + row}, {text[:_SHOWN]!a}, has nothing that the tokenizer can read. "
                "Type at least one word."
            )
        cut = max(token.end or 0 for token in tokens) if encoding[row].overflowing else None
        yield Encoded(text, tuple(ids), tokens, cut)


def _tokenized(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], limit: int) -> BatchEncoding:
    # Surrogates cannot be UTF-8, which tokenizers need; one character takes the place of one.
    readable = [text if text.isascii() else _SURROGATE.sub("\ufffd", text) for text in texts]
    with _settings_kept(tokenizer):
        return tokenizer(
            readable,
            truncation=True,
            max_length=limit,
            padding=False,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )


@contextmanager
def _settings_kept(tokenizer: PreTrainedTokenizerBase) -> Iterator[None]:
    """How the tokenizer cuts and pads is nobody else's inside the block, and as before afterwards."""
    with _tokenizers:
        backend = tokenizer.backend_tokenizer
        truncation, padding = backend.truncation, backend.padding
        try:
            yield
        finally:
            if truncation is None:
                backend.no_truncation()
            else:
                backend.enable_truncation(**truncation)
            if padding is None:
                backend.no_padding()
            else:
                backend.enable_padding(**padding)


def collate(tokenizer: PreTrainedTokenizerBase, texts: Sequence[Encoded], device: torch.device | str = "cpu") -> Batch:
    """Pad on the right to the longest text."""
    shape = (len(texts), max(len(text) for text in texts))
    input_ids = torch.full(shape, tokenizer.pad_token_id or 0, dtype=torch.long)
    attention_mask = torch.zeros(shape, dtype=torch.long)
    ordinary = torch.zeros(shape, dtype=torch.bool)
    for row, text in enumerate(texts):
        input_ids[row, : len(text)] = torch.tensor(text.ids)
        attention_mask[row, : len(text)] = 1
        ordinary[row, : len(text)] = torch.tensor([not token.added for token in text.tokens])
    return Batch(tuple(texts), input_ids.to(device), attention_mask.to(device), ordinary.to(device))


def batches_by_length(lengths: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    """Positions grouped so that a batch holds texts of similar length, the longest first (so that a batch
    that does not fit in memory fails at once).

    Raises:
        InputError: a batch of less than one text.
    """
    size = whole_number("batch_size", batch_size, least=1)
    order = sorted(range(len(lengths)), key=lambda position: -lengths[position])
    for start in range(0, len(order), size):
        yield order[start : start + size]
