"""Tokens as they stand in running text, and running text as tokens.

A tokenizer may write the first word of a text otherwise than one that follows another (SentencePiece puts a space
before it, and drops that of the text). What follows a prompt is therefore looked at behind a token that is there.
"""

from __future__ import annotations

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from bcos_core.arguments import shown
from bcos_core.errors import InputError
from bcos_core.text.encoding import SURROGATE, settings_kept
from bcos_core.text.token_names import part_of_a_character

_BEFORE = "a"
NO_CHARACTER = "\ufffd"
"""What decoders write for bytes that are no character, or not yet."""


def token_name(tokenizer: PreTrainedTokenizerBase, token_id: int) -> str:
    """A token as the tokenizer calls it ("Ġare"); one that it does not know goes by its number."""
    name = tokenizer.convert_ids_to_tokens(token_id) if token_id < len(tokenizer) else None
    return f"<{token_id}>" if name is None else str(name)


def token_text(tokenizer: PreTrainedTokenizerBase, token_id: int) -> str:
    """A token as it stands in a text, its space included: " are". One that is a part of a character goes by its
    bytes, or by its name."""
    text = written(tokenizer, (token_id,)) if token_id < len(tokenizer) else ""
    return part_of_a_character(token_name(tokenizer, token_id)) if not text or NO_CHARACTER in text else text


def ids_of(tokenizer: PreTrainedTokenizerBase, text: str) -> tuple[int, ...]:
    """The tokens of a text that follows another.

    Raises:
        InputError: an empty text, or one that the tokenizer cannot write.
    """
    if not isinstance(text, str) or not text:
        raise InputError(f"The word is {text!r}; expected some characters, its space before it included.")
    if SURROGATE.search(text):
        raise InputError(
            f"The word {shown(text)} is not UTF-8. Set the terminal to UTF-8, or give the number of a token."
        )
    before = _plain(tokenizer, _BEFORE)
    alone, behind = _plain(tokenizer, text), _plain(tokenizer, _BEFORE + text)
    found = [alone, behind[len(before) :]] if behind[: len(before)] == before else [alone]
    for ids in found:
        if ids and written(tokenizer, ids) == text:
            return ids
    raise InputError(
        f"{shown(text)} cannot be written with the tokens of this model: they make {shown(written(tokenizer, alone))} "
        "of it. Give a word that the tokenizer keeps as it is, or the number of a token."
    )


def written(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    """What tokens are in a text behind others; a character of which bytes are missing is `NO_CHARACTER`."""
    before = _plain(tokenizer, _BEFORE)
    decoded = [
        tokenizer.decode(list(some), skip_special_tokens=False, clean_up_tokenization_spaces=False)
        for some in (before, (*before, *ids))
    ]
    return str(decoded[1]).removeprefix(str(decoded[0]))


def _plain(tokenizer: PreTrainedTokenizerBase, text: str) -> tuple[int, ...]:
    with settings_kept(tokenizer):
        return tuple(tokenizer(text, add_special_tokens=False, return_attention_mask=False)["input_ids"])
