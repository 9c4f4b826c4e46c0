"""Texts as tokens with character offsets, and batches of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from bcos_core.errors import TextError, UnsupportedModelError
from bcos_core.text.token import Token


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


def encode(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int) -> list[Encoded]:
    """Tokenize without padding; a text over `max_length` tokens (added ones included) is cut.

    Raises:
        TextError: a text with nothing in it for the model to read; the message names it.
        UnsupportedModelError: the tokenizer gives no character offsets.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise UnsupportedModelError(
            f"{type(tokenizer).__name__} gives no character offsets. "
            "Use a model with a fast tokenizer (tokenizer.json)."
        )
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise TextError(f"Text {position + 1} is a {type(text).__name__}; expected a string.")
        if not text.strip():
            raise TextError(f"Text {position + 1} is empty. Type at least one word.")
    if not texts:
        return []
    encoding = tokenizer(
        [_drop_surrogates(text) for text in texts],
        truncation=True,
        max_length=max_length,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
        return_attention_mask=False,
        return_token_type_ids=False,
    )
    result = []
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
            raise TextError(f"Text {row + 1} has nothing that the tokenizer can read. Type at least one word.")
        cut = max(token.end or 0 for token in tokens) if encoding[row].overflowing else None
        result.append(Encoded(text, tuple(ids), tokens, cut))
    return result


def _drop_surrogates(text: str) -> str:
    """Lone surrogates cannot be UTF-8, which tokenizers need; the replacement has the same length."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


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
    that does not fit in memory fails at once)."""
    order = sorted(range(len(lengths)), key=lambda position: -lengths[position])
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]
