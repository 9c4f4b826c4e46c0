"""The tokens at which a model decides between the two words of a minimal pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bcos_core.errors import DataError
from bcos_core.minimal_pairs.pair import MinimalPair

Tokenize = Callable[[str], Sequence[int]]
"""The token ids of a text, without those that a tokenizer adds."""


@dataclass(frozen=True)
class CriticalTokens:
    """After the ids of `context` the right text has the token `good`, the wrong one `bad`. `shared` of the context's
    tokens, at its end, are of the two words: both begin with them."""

    context: tuple[int, ...]
    good: int
    bad: int
    shared: int = 0


def critical_tokens(pair: MinimalPair, tokenize: Tokenize) -> CriticalTokens:
    """The first tokens in which the two texts of a pair differ, and what comes before them.

    Raises:
        DataError: one text's tokens are the beginning of the other's, or a token reaches from the prefix into the word.
    """
    good, bad = (tuple(tokenize(text)) for text in pair.texts)
    prefix = tuple(tokenize(pair.prefix))
    same = 0
    while same < min(len(good), len(bad)) and good[same] == bad[same]:
        same += 1
    if same in (len(good), len(bad)):
        raise DataError(
            f"The tokens of {pair.good!r} and {pair.bad!r} are the same as far as both have any: no token tells them "
            "apart."
        )
    if good[: len(prefix)] != prefix or bad[: len(prefix)] != prefix:
        raise DataError(
            f"After {pair.prefix!r:.60} a token of {pair.good!r} or {pair.bad!r} reaches back into the prefix, so that "
            "the model does not decide between them at one place."
        )
    return CriticalTokens(good[:same], good[same], bad[same], same - len(prefix))


def differs_at_once(pair: MinimalPair, tokenize: Tokenize) -> bool:
    """Whether the two words differ in their first token: what a model says there is about these words."""
    try:
        return critical_tokens(pair, tokenize).shared == 0
    except DataError:
        return False


def usable_pairs(pairs: Sequence[MinimalPair], tokenize: Tokenize) -> tuple[list[MinimalPair], dict[MinimalPair, str]]:
    """The pairs that a tokenizer's model can be asked about, and of the others the reason."""
    found: list[MinimalPair] = []
    left_out: dict[MinimalPair, str] = {}
    for pair in pairs:
        try:
            critical_tokens(pair, tokenize)
            found.append(pair)
        except DataError as error:
            left_out[pair] = str(error)
    return found, left_out
