"""Prompts as a language model reads them: a plain text, or the messages of a conversation in its chat template.

A prompt goes on where it ends, so a tokenizer's closing tokens are left out, and one that is too long loses its front.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from bcos_core.arguments import whole_number
from bcos_core.errors import TextError, UnsupportedModelError
from bcos_core.text.blank import is_blank
from bcos_core.text.encoding import SURROGATE, Encoded, settings_kept
from bcos_core.text.token import Token
from bcos_core.text.vocabulary import NO_CHARACTER, token_name, written
from bcos_core.text.words import Span

Message = Mapping[str, str]
"""`{"role": "user", "content": "…"}`, as chat templates have them."""
Prompt = str | Sequence[Message] | Encoded

BYTES_OF_A_CHARACTER = 4
BETWEEN = "\n\n"
"""Between the messages of a conversation, in the text that a record shows."""


def encode_prompt(tokenizer: PreTrainedTokenizerBase, prompt: Prompt, max_length: int) -> Encoded:
    """The tokens of a prompt, of at most `max_length` the last ones: `truncated_at` is then the first character that is
    read. Tokens of the tokenizer's own, and all of a chat template, stand for no characters (`Token.added`). A prompt
    that has been encoded already is only cut.

    Of a conversation the text is that of its messages. The model is to answer the last of them, or, where that is the
    assistant's, to go on with it.

    Raises:
        TextError: an empty prompt or message, no messages, or ones without a role and a content.
        UnsupportedModelError: messages, and the tokenizer has no chat template, or one that changes what they say.
    """
    limit = whole_number("max_length", max_length, least=1)
    if isinstance(prompt, Encoded):
        return _cut(tokenizer, prompt, limit)
    if isinstance(prompt, str):
        if is_blank(prompt):
            raise TextError("The prompt is empty. Type at least one word.")
        return _plain(tokenizer, prompt, limit)
    return _cut(tokenizer, _conversation(tokenizer, _checked(prompt)), limit)


def extended(tokenizer: PreTrainedTokenizerBase, prompt: Encoded, ids: Sequence[int]) -> Encoded:
    """A prompt with further tokens at its end, which are a part of its text; special ones are not. The tokens of one
    character all stand for it; as long as bytes of it are missing, for `NO_CHARACTER` at the end of the text, whose
    place it takes. What follows a template begins anew, as messages do."""
    text, tokens = prompt.text, list(prompt.tokens)
    unfinished = list(prompt.ids[len(prompt) - unfinished_tokens(tokenizer, prompt) :])
    for token_id in ids:
        name = token_name(tokenizer, token_id)
        if token_id in tokenizer.all_special_ids:
            tokens.append(Token(name, None, None))
            unfinished = []
            continue
        if tokens[-1].added and text:
            text += BETWEEN
        begun = tokens[-len(unfinished)].start if unfinished else None
        start = len(text) if begun is None else begun
        unfinished.append(token_id)
        more = written(tokenizer, unfinished)
        text = text[:start] + more
        whole = not more.endswith(NO_CHARACTER)
        # Bytes that became no character keep their place; the token behind them has one of its own.
        lost = more.rfind(NO_CHARACTER) + 1 if whole and len(unfinished) > 1 else 0
        own = start + lost
        for place in range(1 - len(unfinished), 0):
            tokens[place] = replace(tokens[place], start=start, end=own if lost else len(text))
        tokens.append(Token(name, own, len(text)))
        if whole or len(unfinished) >= BYTES_OF_A_CHARACTER:
            unfinished = []
    return Encoded(text, (*prompt.ids, *ids), tuple(tokens), prompt.truncated_at)


def unfinished_tokens(tokenizer: PreTrainedTokenizerBase, prompt: Encoded) -> int:
    """How many tokens at the end of a prompt are no whole character yet."""
    last = prompt.tokens[-1]
    if last.start is None or not prompt.text[last.start :].endswith(NO_CHARACTER):
        return 0
    found = [token.start for token in prompt.tokens[-BYTES_OF_A_CHARACTER:]].count(last.start)
    as_written = written(tokenizer, prompt.ids[-found:]) == prompt.text[last.start :]
    return found if as_written and found < BYTES_OF_A_CHARACTER else 0


def _plain(tokenizer: PreTrainedTokenizerBase, text: str, limit: int) -> Encoded:
    found = _tokens(tokenizer, text, special=True)
    while found and found[-1][1].added:  # what closes a text, after which nothing follows
        found.pop()
    if not found:
        raise TextError("The prompt has nothing that the tokenizer can read. Type at least one word.")
    ids, tokens = zip(*found, strict=True)
    return _cut(tokenizer, Encoded(text, ids, tokens, None), limit)


def _cut(tokenizer: PreTrainedTokenizerBase, prompt: Encoded, limit: int) -> Encoded:
    """The last tokens of a prompt; a token that opens every text stays, since models have not seen any without."""
    over = len(prompt) - limit
    if over <= 0:
        return prompt
    kept = int(limit > 1 and prompt.tokens[0].added and prompt.ids[0] == tokenizer.bos_token_id)
    ids = (*prompt.ids[:kept], *prompt.ids[kept + over :])
    tokens = (*prompt.tokens[:kept], *prompt.tokens[kept + over :])
    first = next((token.start for token in tokens if token.start is not None), None)
    return Encoded(prompt.text, ids, tokens, len(prompt.text) if first is None else first)


def _tokens(tokenizer: PreTrainedTokenizerBase, text: str, *, special: bool) -> list[tuple[int, Token]]:
    readable = text if text.isascii() else SURROGATE.sub("\ufffd", text)
    with settings_kept(tokenizer):
        found: Any = tokenizer(
            [readable],
            add_special_tokens=special,
            truncation=False,
            padding=False,
            return_offsets_mapping=True,
            return_attention_mask=False,
        )
        own = [sequence is None for sequence in found.sequence_ids(0)]
    ids, spans = found["input_ids"][0], found["offset_mapping"][0]
    names = tokenizer.convert_ids_to_tokens(ids)
    return [
        (token_id, Token(name, None, None) if added else Token(name, *span))
        for token_id, name, span, added in zip(ids, names, spans, own, strict=True)
    ]


def _checked(messages: Sequence[Message]) -> list[dict[str, str]]:
    if not isinstance(messages, Sequence) or not messages:
        raise TextError(f"A prompt is a text, or a list of messages; got {type(messages).__name__} of none.")
    for place, message in enumerate(messages, 1):
        if not isinstance(message, Mapping) or not {"role", "content"} <= set(message):
            raise TextError(f'Message {place} of the prompt has no "role" and "content".')
        if not all(isinstance(message[part], str) for part in ("role", "content")) or is_blank(message["content"]):
            raise TextError(f"Message {place} of the prompt is empty. Type at least one word.")
    return [{"role": message["role"], "content": message["content"]} for message in messages]


def _conversation(tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]]) -> Encoded:
    rendered, spans = _rendered(tokenizer, messages)
    text = BETWEEN.join(rendered[start:end] for start, end in spans)
    starts = [sum(end - start + len(BETWEEN) for start, end in spans[:place]) for place in range(len(spans))]
    ids, tokens = [], []
    for token_id, token in _tokens(tokenizer, rendered, special=False):
        ids.append(token_id)
        tokens.append(_in_a_message(token, spans, starts))
    return Encoded(text, tuple(ids), tuple(tokens), None)


def _in_a_message(token: Token, spans: Sequence[Span], starts: Sequence[int]) -> Token:
    """A token of the rendered text in the text of the messages; one of the template stands for no characters."""
    assert token.start is not None and token.end is not None
    for (first, last), at in zip(spans, starts, strict=True):
        start, end = max(token.start, first), min(token.end, last)
        if start < end:
            return Token(token.text, at + start - first, at + end - first)
    return Token(token.text, None, None)


def _rendered(tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]]) -> tuple[str, list[Span]]:
    """The conversation in the tokenizer's template, and where each message stands in it."""
    if not tokenizer.chat_template:
        name = Path(tokenizer.name_or_path).name or type(tokenizer).__name__
        raise UnsupportedModelError(f"The tokenizer {name} has no chat template. Give the prompt as one text.")
    # Looked for by a mark that nobody writes: a message may be a word that the template has in it, too.
    mark = secrets.token_hex(8)
    for said in (messages, [{**one, "content": one["content"].strip()} for one in messages]):
        marked = _template(tokenizer, [{**one, "content": f"{mark}{n}."} for n, one in enumerate(said)])
        spans, rendered, rest = [], "", marked
        for number, message in enumerate(said):
            before, found, rest = rest.partition(f"{mark}{number}.")
            if not found:
                break
            spans.append((len(rendered) + len(before), len(rendered) + len(before) + len(message["content"])))
            rendered += before + message["content"]
        rendered += rest
        if len(spans) == len(said) and rendered == _template(tokenizer, messages):
            return rendered, spans
    raise UnsupportedModelError(
        "The chat template of this tokenizer leaves messages out or changes what they say, so that nobody could tell "
        "which tokens are theirs. Give the prompt as one text."
    )


def _template(tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]]) -> str:
    goes_on = messages[-1]["role"] == "assistant"
    try:
        return str(
            tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=not goes_on, continue_final_message=goes_on
            )
        )
    except Exception as error:  # a template is a program of its own, and may refuse an order of roles
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UnsupportedModelError(
            f"The chat template of this tokenizer refuses these messages ({reason[:200]}). Give them in another order, "
            "or the prompt as one text."
        ) from error
