"""Names of tokens that people can read: bytes that a tokenizer writes as letters are not shown as letters."""

from __future__ import annotations

import pytest
from transformers.convert_slow_tokenizer import bytes_to_unicode

from bcos_core.text.token_names import has_width, part_of_a_character, readable, stands_on_another, with_signs
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
    assert readable(f"a{whole}b") == "a⏎⇥<U+0000><U+007F><U+00AD> é 😀b"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (" are", " are"),
        ("New York", "New York"),
        (" ", "␣"),
        ("   ", "␣␣␣"),
        (" " * 8, "␣×8"),
        ("a ", "a␣"),
        ("\n", "⏎"),
        ("\n       ", "⏎␣×7"),
        (" \n", "␣⏎"),
        ("\r\n\t", "<U+000D>⏎⇥"),
        ("\xa0", "<U+00A0>"),
        ("12\xa0%", "12\xa0%"),
        ("\u200b", "<U+200B>"),
        ("a\u200bb", "a<U+200B>b"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # a Persian word has its joiner
        ("👩\u200d", "👩<U+200D>"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("\ufe0f", "<U+FE0F>"),
        ("e\u0301", "e\u0301"),
        ("\u0301", "◌\u0301"),
        ("d\u05b8\u05bc", "d\u05b8\u05bc"),
        ("\u202eabc", "<U+202E>abc"),  # would be read from behind
        ("\u3164", "<U+3164>"),
        ("\ue000", "<U+E000>"),
        ("", ""),
    ],
)
def test_what_nobody_would_see_has_a_sign(text: str, seen: str) -> None:
    assert with_signs(text) == seen
    assert text == "" or has_width(with_signs(text))


@pytest.mark.parametrize("text", ["\u200b", "\r", "\x00", "\ufe0f", "\u0301", "\u064e\u0651", "\u2028", "\xad", ""])
def test_what_is_drawn_without_a_width(text: str) -> None:
    assert not has_width(text) and has_width(f"{text}a") and has_width(f"{text} ")


def test_accents_stand_on_a_letter_and_selectors_on_nothing() -> None:
    assert stands_on_another("\u0301") and stands_on_another("\u064e\u0651")
    assert not any(map(stands_on_another, ("\ufe0f", "e\u0301", "\u200b", "")))


def test_a_token_that_is_a_part_of_a_character_goes_by_its_bytes() -> None:
    names = tokenizer().convert_ids_to_tokens(range(len(tokenizer())))
    letters = bytes_to_unicode()
    for byte in (0xD7, 0xF0, 0x9F):
        number = names.index(letters[byte])
        assert token_text(tokenizer(), number) == f"<0x{byte:02X}>"
    assert token_text(tokenizer(), names.index("Ġand")) == " and"
