"""Encoding: nothing is moved or cut by what else is read at the same time, nor left behind in the tokenizer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import pytest
from tokenizers import normalizers

from bcos_core.errors import InputError, TextError
from bcos_core.text.encoding import encode
from tests.built_tokenizers import KINDS, built_tokenizer

TEXT = "A charming film, not dull! It isn't good; it is great..."


@pytest.mark.parametrize("kind", KINDS)
def test_a_tokenizer_s_settings_stay(kind: str) -> None:
    tokenizer = built_tokenizer(kind)
    backend = tokenizer.backend_tokenizer
    before = backend.to_str()
    encode(tokenizer, [TEXT], 8)
    assert backend.to_str() == before
    with pytest.raises(TextError):
        encode(tokenizer, [TEXT, " "], 8)
    backend.enable_truncation(max_length=5, stride=1)
    backend.enable_padding(length=25, pad_id=1)
    try:
        settings = backend.truncation, backend.padding
        (text,) = encode(tokenizer, [TEXT], 30)
        assert (backend.truncation, backend.padding) == settings
        assert len(text) != 25 and [token.added for token in text.tokens].count(True) == 2
    finally:
        backend.no_truncation()
        backend.no_padding()


def test_threads_with_other_limits_do_not_cut_each_other() -> None:
    tokenizer = built_tokenizer("wordpiece")

    def lengths(limit: int) -> set[int]:
        return {len(text) for _ in range(20) for text in encode(tokenizer, [TEXT * 20] * 8, limit)}

    limits = [5, 40, 9, 31] * 3
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lengths, limits)) == [{limit} for limit in limits]


def test_two_surrogates_stay_two_characters() -> None:
    # Python may hold both halves of a pair as two characters; offsets count them so.
    text = "\ud83d\ude00 good \udc00"
    for kind in KINDS:
        (encoded,) = encode(built_tokenizer(kind), [text], 48)
        assert text.index("good") + 4 in {token.end for token in encoded.tokens}
        if kind != "wordpiece":  # BERT's clean away what stands in for a surrogate
            assert max(token.end or 0 for token in encoded.tokens) == len(text)


def test_texts_are_numbered_through() -> None:
    with pytest.raises(TextError, match="Text 301 is empty"):
        encode(built_tokenizer("wordpiece"), ["good"] * 300 + ["\0"], 8)
    tokenizer = deepcopy(built_tokenizer("wordpiece"))  # which other tests read with
    tokenizer.backend_tokenizer.normalizer = normalizers.Replace("é", "")
    with pytest.raises(TextError, match="Text 301, .*xe9.*, has nothing that the tokenizer can read"):
        encode(tokenizer, ["good"] * 300 + ["é"], 8)
    assert len(encode(built_tokenizer("wordpiece"), ["good"] * 600, 8)) == 600


@pytest.mark.parametrize("limit", [0, 1, 2, -5, True])
def test_a_limit_without_room_for_a_token_is_refused(limit: int) -> None:
    with pytest.raises(InputError, match="max_length is .*; expected one whole number from 3"):
        encode(built_tokenizer("wordpiece"), [TEXT], limit)
