"""Names of tokens that people can read: bytes that a tokenizer writes as letters are not shown as letters."""

from __future__ import annotations

import pytest
from transformers.convert_slow_tokenizer import bytes_to_unicode

from bcos_core.text.token_names import part_of_a_character, readable
from bcos_core.text.vocabulary import token_text
from tests.tiny_language_model import tokenizer


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Ġare", "are"),
        ("Ċ", "⏎"),
        ("Ċuser", "⏎user"),
        ("Ġ", "␣"),
        ("<|im_start|>", "<|im_start|>"),
        ("[CLS]", "[CLS]"),
        ("▁You", "You"),
        ("<｜begin▁of▁sentence｜>", "<｜begin of sentence｜>"),
        ("é", "é"),  # of a vocabulary of letters
        ("trÃ¨s", "très"),
        ("映", "映"),
    ],
)
def test_a_name_says_what_it_is(name: str, said: str) -> None:
    assert readable(name) == said


def test_bytes_are_those_of_gpt2() -> None:
    letters = bytes_to_unicode()
    for byte in range(128, 256):
        assert part_of_a_character(letters[byte]) == f"<0x{byte:02X}>"
    whole = "".join(letters[byte] for byte in "\n\t\0\x7f\xad é 😀".encode())
    assert readable(f"a{whole}b") == "a⏎\t\0\x7f\xad é 😀b"


def test_a_token_that_is_a_part_of_a_character_goes_by_its_bytes() -> None:
    names = tokenizer().convert_ids_to_tokens(range(len(tokenizer())))
    letters = bytes_to_unicode()
    for byte in (0xD7, 0xF0, 0x9F):
        number = names.index(letters[byte])
        assert token_text(tokenizer(), number) == f"<0x{byte:02X}>"
    assert token_text(tokenizer(), names.index("Ġand")) == " and"
