"""Messages of errors can be shown, whatever they quote."""

from __future__ import annotations

from bcos_core.errors import LONGEST_MESSAGE, BcosError, DataError, MismatchError, UnknownNameError


def test_a_long_message_keeps_its_beginning_and_its_end() -> None:
    said = str(DataError(f"The column {'x' * 100_000!r} is not there. Choose another."))
    assert said.startswith("The column 'xxx") and said.endswith("is not there. Choose another.")
    assert len(said) < LONGEST_MESSAGE and "98,293 characters left out" in said


def test_half_of_a_character_goes_onto_every_page() -> None:
    assert str(UnknownNameError("method", "a", ["b\ud800"])) == "Unknown method 'a'. Known: b\ufffd."
    assert str(BcosError("a \udfff 😀")).encode() == "a \ufffd 😀".encode()


def test_the_words_of_a_result_are_whole() -> None:
    words = "A line.\n" * 1_000
    assert str(MismatchError(words, {})) == words
