"""A record's text, read again as it was read when the record was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcos_core.attribution.record import Attribution
from bcos_core.errors import InputError
from bcos_core.later import Later

if TYPE_CHECKING:
    from bcos_core.model.text_model import TextModel
    from bcos_core.text.encoding import Encoded

# Imported when a text is read: those who only look at answers that were given stand on this module, too.
_encode = Later("bcos_core.text.encoding", "encode")
_encoded = Later("bcos_core.text.encoding", "Encoded")
_token_name = Later("bcos_core.text.vocabulary", "token_name")


def limit_of(record: Attribution, model: TextModel) -> int:
    """The limit, in tokens, for a text beside the record's: both sides are read equally far.

    The record of a text that was cut is of what stands before the cut, so another text is cut there as well. One that
    was read to its end is the same under every limit that it fits in, the model's among them.
    """
    return model.max_length if record.truncated_at is None else min(len(record.tokens), model.max_length)


def read_again(record: Attribution, model: TextModel) -> Encoded:
    """The record's text with the model's tokens of it. A prompt is that of the record's own tokens: it may end in some
    that the model has written, which its tokenizer would cut otherwise.

    Raises:
        InputError: they are other tokens than the record's: the tokenizer is another one, or reads less.
    """
    if record.prompt is not None:
        return _same_prompt(record, record.prompt.ids, model)
    (found,) = _encode(model.tokenizer, [record.text], limit_of(record, model))
    if found.tokens != record.tokens:
        raise InputError(
            f"The tokenizer of {model.name} cuts this text into {len(found)} tokens, the record has "
            f"{len(record.tokens)} or other ones. Explain the text again."
        )
    return found


def _same_prompt(record: Attribution, ids: tuple[int, ...], model: TextModel) -> Encoded:
    called = [_token_name(model.tokenizer, one) for one in ids]
    if called != [token.text for token in record.tokens] or len(ids) > model.max_length:
        raise InputError(
            f"The prompt of this record of {record.model} is {len(ids)} tokens, which {model.name} calls by other "
            f"names, or reads only {model.max_length} of. Choose the model that made the record, or explain the prompt "
            "again."
        )
    return _encoded(record.text, ids, record.tokens, record.truncated_at)
