"""Minimal pairs as questions to one model: a prompt, and two tokens that may come next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from bcos_core.errors import DataError
from bcos_core.minimal_pairs.critical import Tokenize, critical_tokens
from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.storage.content import name_of


@dataclass(frozen=True)
class Question:
    """A pair, what the model reads of it, and the tokens that tell its words apart. Where both words begin with the
    same tokens, these are a part of the prompt."""

    pair: MinimalPair
    prompt: str
    good: int
    bad: int

    @property
    def item(self) -> str:
        """Its name as evidence about a model."""
        return name_of([self.prompt, self.good, self.bad])


def pair_name(pair: MinimalPair) -> str:
    """Its name in results, whichever model was asked. The paradigm changes no answer, and does not count."""
    return name_of(list(pair.asked))


def tokenize_by(tokenizer: PreTrainedTokenizerBase) -> Tokenize:
    """The token ids of a text, without those that the tokenizer adds."""
    return lambda text: tokenizer(text, add_special_tokens=False, return_attention_mask=False)["input_ids"]


def ask(pairs: Sequence[MinimalPair], tokenizer: PreTrainedTokenizerBase) -> tuple[list[Question], list[str]]:
    """The questions to a model, and why pairs that cannot be asked are left out."""
    tokenize = tokenize_by(tokenizer)
    found: list[Question] = []
    reasons: list[str] = []
    for pair in pairs:
        try:
            found.append(_question(pair, tokenize, tokenizer))
        except DataError as error:
            reasons.append(str(error))
    return found, reasons


def _question(pair: MinimalPair, tokenize: Tokenize, tokenizer: PreTrainedTokenizerBase) -> Question:
    tokens = critical_tokens(pair, tokenize)
    if not tokens.shared:
        return Question(pair, pair.prefix, tokens.good, tokens.bad)
    good = pair.texts[0]
    spans = tokenizer(good, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    prompt = good[: spans[len(tokens.context) - 1][1]]
    if tuple(tokenize(prompt)) != tokens.context:
        raise DataError(
            f"{pair.good!r} and {pair.bad!r} begin with the same tokens, and the text up to where they part "
            f"({prompt!r:.60}) is written with others."
        )
    return Question(pair, prompt, tokens.good, tokens.bad)
