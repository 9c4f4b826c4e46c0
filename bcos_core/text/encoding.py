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
from bcos_core.text.cut import unread_spans
from bcos_core.text.pair import HEADINGS, halves, is_pair, texts_of
from bcos_core.text.token import Token
from bcos_core.text.words import Span

# A tokenizer cuts by a setting of its own, which threads that share it would change under each other.
_tokenizers = threading.Lock()
_SHOWN = 40  # characters that name a text: its number is that of no file
_TEXTS_AT_ONCE = 256  # so that nobody waits long for the lock
_PROBES = ("a", "A", "1", ".", "一")  # one of which a tokenizer reads
SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Encoded:
    """One text as the model sees it.

    `ids` and `tokens` run in parallel. `truncated_at` is the character where the text was cut because it
    was longer than the limit, `None` if it was not; of a pair, the first character that was left out.
    `token_type_ids` say of which text of a pair each token is, where the tokenizer tells the model; `None` elsewhere.
    """

    text: str
    ids: tuple[int, ...]
    tokens: tuple[Token, ...]
    truncated_at: int | None
    token_type_ids: tuple[int, ...] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def unread(self) -> tuple[Span, ...]:
        """The characters that the model does not see."""
        return unread_spans(self.text, self.tokens, self.truncated_at)


@dataclass(frozen=True)
class Batch:
    """Padded texts: `input_ids` and `attention_mask` (batch, tokens); `ordinary` (batch, tokens) is true for
    tokens that stand for a piece of the text, false for padding and for tokens that the tokenizer added;
    `token_type_ids` (batch, tokens) are 1 in the second text of a pair, None where no text of the batch has them."""

    texts: tuple[Encoded, ...]
    input_ids: Tensor
    attention_mask: Tensor
    ordinary: Tensor
    token_type_ids: Tensor | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def each(self) -> Iterator[Batch]:
        """Each text alone, without padding."""
        for row, text in enumerate(self.texts):
            at = slice(row, row + 1), slice(len(text))
            types = None if self.token_type_ids is None else self.token_type_ids[at]
            yield Batch((text,), self.input_ids[at], self.attention_mask[at], self.ordinary[at], types)


def encode(tokenizer: PreTrainedTokenizerBase, texts: Iterable[str], max_length: int) -> list[Encoded]:
    """Tokenize without padding; a text over `max_length` tokens (added ones included) is cut, of a pair the longer text
    first. Safe to call from several threads with one tokenizer, whose settings stay as they are.

    A pair is read in the tokenizer's own form, its texts apart by a token such as [SEP]. Where that form puts no token
    between them (GPT-2's), a line break stands there, which is in neither text.

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
    texts = list_of_texts(texts)
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise TextError(f"Text {position + 1} is a {type(text).__name__}; expected a string.")
        for half in texts_of(text):
            if is_blank(half):
                which = "has a text that is empty" if is_pair(text) else "is empty"
                raise TextError(f"Text {position + 1} {which}. Type at least one word.")
    room = {
        pairs: tokenizer.num_special_tokens_to_add(pair=pairs) + len(_between(tokenizer) if pairs else ()) + 1 + pairs
        for pairs in set(map(is_pair, texts)) or {False}
    }
    limit = whole_number("max_length", max_length, least=max(room.values()))
    return [
        _encoded(tokenizer, text, found, number)
        for number, (text, found) in enumerate(zip(texts, _tokenized(tokenizer, texts, limit), strict=True), 1)
    ]


def fit_within(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int) -> list[bool]:
    """Whether each text has at most `max_length` tokens, added ones included, so that the limit leaves it whole."""
    return [not found.cut for found in _tokenized(tokenizer, texts, max_length)]


@dataclass(frozen=True)
class _Tokenized:
    """What a tokenizer makes of a text: `spans` (start, end) by token, None for those that it added, and of which text
    of a pair each token is."""

    ids: tuple[int, ...]
    spans: tuple[tuple[int, int] | None, ...]
    sequences: tuple[int | None, ...]
    types: tuple[int, ...] | None
    cut: bool


def _encoded(tokenizer: PreTrainedTokenizerBase, text: str, found: _Tokenized, number: int) -> Encoded:
    """The text, which has that number among others, with its tokens.

    Raises:
        TextError: the tokenizer reads nothing of it, or of one of a pair's texts.
    """
    parts = halves(text)
    for sequence, (start, end) in enumerate(parts):
        if sequence not in found.sequences:
            which = f"Text {number}" if not is_pair(text) else f"The {HEADINGS[sequence].lower()} of pair {number}"
            raise TextError(
                f"{which}, {text[start:end][:_SHOWN]!a}, has nothing that the tokenizer can read. "
                "Type at least one word."
            )
    tokens = tuple(
        Token(name, None, None) if span is None else Token(name, *span)
        for name, span in zip(tokenizer.convert_ids_to_tokens(list(found.ids)), found.spans, strict=True)
    )
    cut = None
    if found.cut:
        ends = [max(span[1] for span in found.spans if span and start <= span[0] <= end) for start, end in parts]
        left_out = [last for last, (_, end) in zip(ends, parts, strict=True) if not is_blank(text[last:end])]
        cut = left_out[0] if left_out else ends[-1]
    return Encoded(text, found.ids, tokens, cut, found.types)


def _tokenized(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], limit: int) -> list[_Tokenized]:
    """What the tokenizer makes of each text, in their order; single texts and pairs are asked about apart."""
    found: dict[int, _Tokenized] = {}
    for pairs in (False, True):
        places = [place for place, text in enumerate(texts) if is_pair(text) == pairs]
        for start in range(0, len(places), _TEXTS_AT_ONCE):
            some = places[start : start + _TEXTS_AT_ONCE]
            # Surrogates cannot be UTF-8, which tokenizers need; one character takes the place of one.
            readable = [
                text if text.isascii() else SURROGATE.sub("\ufffd", text) for text in (texts[place] for place in some)
            ]
            found.update(zip(some, _of_one_kind(tokenizer, readable, limit, pairs=pairs), strict=True))
    return [found[place] for place in range(len(texts))]


def _of_one_kind(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], limit: int, *, pairs: bool
) -> Iterator[_Tokenized]:
    between = _between(tokenizer) if pairs else ()
    with_types = pairs and "token_type_ids" in tokenizer.model_input_names
    with settings_kept(tokenizer):
        encoding: BatchEncoding = tokenizer(
            *zip(*map(texts_of, texts), strict=True) if pairs else [texts],
            truncation=True,
            max_length=limit - len(between),
            padding=False,
            return_offsets_mapping=True,
            return_attention_mask=False,
            return_token_type_ids=with_types,
        )
    for row, text in enumerate(texts):
        starts = [start for start, _ in halves(text)]
        sequences = tuple(encoding.sequence_ids(row))
        ids = tuple(encoding["input_ids"][row])
        spans = tuple(
            None if sequence is None else (starts[sequence] + start, starts[sequence] + end)
            for sequence, (start, end) in zip(sequences, encoding["offset_mapping"][row], strict=True)
        )
        types = tuple(encoding["token_type_ids"][row]) if with_types else None
        if between:
            at = max(sequences.index(0), sequences.index(1)) if {0, 1} <= {*sequences} else len(sequences)
            ids, spans = (*ids[:at], *between, *ids[at:]), (*spans[:at], *[None] * len(between), *spans[at:])
            sequences = (*sequences[:at], *[None] * len(between), *sequences[at:])
            types = types and (*types[:at], *[0] * len(between), *types[at:])
        yield _Tokenized(ids, spans, sequences, types, bool(encoding[row].overflowing))


def _between(tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """The tokens that stand between the texts of a pair beyond those of the tokenizer's own form: a line break where
    that has none.

    Raises:
        UnsupportedModelError: it has none, and knows no line break.
    """
    with settings_kept(tokenizer):
        tokenizer.backend_tokenizer.no_truncation()
        forms = (tokenizer(probe, probe).sequence_ids() for probe in _PROBES)
        form = next((one for one in forms if 0 in one and 1 in one), [0, 1])
        if _apart(form):
            return ()
        line_break = tuple(tokenizer("\n", add_special_tokens=False)["input_ids"])
    if not line_break:
        raise UnsupportedModelError(
            f"{type(tokenizer).__name__} puts no token between the texts of a pair and knows no line break, so that a "
            "model could not tell them apart. Use a model with a separator token."
        )
    return line_break


def _apart(form: Sequence[int | None]) -> bool:
    """Whether a token of neither text stands between them, whichever comes first."""
    first, second = sorted((0, 1), key=form.index)
    last = len(form) - 1 - form[::-1].index(first)
    return last < form.index(second) - 1


@contextmanager
def settings_kept(tokenizer: PreTrainedTokenizerBase) -> Iterator[None]:
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
    types = padded_types([text.token_type_ids for text in texts], shape[1])
    return Batch(
        tuple(texts),
        input_ids.to(device),
        attention_mask.to(device),
        ordinary.to(device),
        None if types is None else types.to(device),
    )


def padded_types(rows: Sequence[tuple[int, ...] | None], width: int) -> Tensor | None:
    """The `token_type_ids` of texts, (batch, `width`), 0 on padding and for texts without; None where none has any."""
    if all(row is None for row in rows):
        return None
    return torch.tensor([[*(row or ()), *[0] * (width - len(row or ()))] for row in rows], dtype=torch.long)


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
