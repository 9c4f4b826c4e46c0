"""Running text as sequences: worked out by hand with the tokenizer's own pieces."""

from __future__ import annotations

import pytest

from bcos_core.errors import DataError, InputError, TextError, UnsupportedModelError
from bcos_core.text.sequences import packed, predicted_tokens, whole_texts
from tests.tiny_language_model import tokenizer

BEGIN, END = 0, 2
TEXTS = ["The keys", "Mary and John went to the store.", "très 😀"]


def plain(text: str) -> list[int]:
    return list(tokenizer()(text, add_special_tokens=False)["input_ids"])


def test_whole_texts_open_as_prompts_do_and_are_cut_without_a_gap() -> None:
    found = whole_texts(tokenizer(), TEXTS, 64)
    assert found == [
        (BEGIN, *plain(text)) for text in TEXTS
    ]  # the tokenizer's own form ends in </s>, which is left out
    assert predicted_tokens(found) == sum(len(plain(text)) for text in TEXTS)
    whole = (BEGIN, *plain(TEXTS[1]))
    for limit in (2, 3, 4, len(whole) - 1, len(whole)):
        pieces = whole_texts(tokenizer(), TEXTS[1:2], limit)
        assert all(2 <= len(piece) <= limit for piece in pieces)
        joined = tuple(token for piece in pieces for token in piece)
        assert joined in (whole, whole[:-1])  # a last piece of one token predicts nothing


def test_packed_texts_are_one_stream() -> None:
    stream = [token for text in TEXTS for token in (*plain(text), END)]
    found = packed(tokenizer(), TEXTS, 4)
    assert all(len(block) == 4 for block in found)
    assert [token for block in found for token in block] == stream[: len(stream) // 4 * 4]
    assert packed(tokenizer(), TEXTS, len(stream)) == [tuple(stream)]


def test_what_makes_no_sequence_is_refused() -> None:
    with pytest.raises(DataError, match="do not fill a block of 1,000"):
        packed(tokenizer(), TEXTS, 1000)
    for make in (whole_texts, packed):
        with pytest.raises(TextError, match="Text 2 is empty"):
            make(tokenizer(), ["a film", " \n"], 8)
        with pytest.raises(InputError, match="length is 1"):
            make(tokenizer(), TEXTS, 1)
    endless = tokenizer().__class__(tokenizer_object=tokenizer().backend_tokenizer)
    with pytest.raises(UnsupportedModelError, match="Do not pack"):
        packed(endless, TEXTS, 8)
    with pytest.raises(DataError, match="one token long"):
        whole_texts(_bare(), ["a"], 8)


def _bare():  # type: ignore[no-untyped-def]
    """The same words, and no token of its own around a text."""
    from tokenizers import Tokenizer
    from tokenizers.processors import TemplateProcessing

    backend = Tokenizer.from_str(tokenizer().backend_tokenizer.to_str())
    backend.post_processor = TemplateProcessing("$A", special_tokens=[])
    return tokenizer().__class__(tokenizer_object=backend, eos_token="</s>")


def test_how_the_tokenizer_cuts_stays_its_own() -> None:
    shared = tokenizer()
    shared.backend_tokenizer.enable_truncation(5)
    try:
        assert len(whole_texts(shared, [TEXTS[1]], 64)[0]) > 5
        assert shared.backend_tokenizer.truncation["max_length"] == 5
    finally:
        shared.backend_tokenizer.no_truncation()
