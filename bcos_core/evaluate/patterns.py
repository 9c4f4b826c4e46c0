"""What heatmaps look like: how concentrated they are, how much speaks against, and on which tokens they lie.

Every figure is one of absolute scores: a heatmap's shares of what it distributes, whatever the model's logits are, so
that those of two models, and of two methods, compare. None of them says which heatmap is right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bcos_core.attribution.agreement import TOP_SHARE
from bcos_core.numbers import percent
from bcos_core.registry import Registry
from bcos_core.text.cut import positions_by_half
from bcos_core.text.pair import is_pair
from bcos_core.text.token import Token
from bcos_core.text.units import word_units
from bcos_core.text.word_kinds import WordKind, word_kind
from bcos_core.text.word_rates import FREQUENT, RARE, WordRates, is_counted


@dataclass(frozen=True)
class Heat:
    """The `scores` of the tokens of one text, and what each token is, by position.

    `added` by the tokenizer; the `kinds` and `rates` of the words that they are part of (None of an added token; no
    rate of marks and numbers); the `thirds` of their text that they stand in, 0 to 2; whether they are of the `second`
    text of a pair. Scores are `signed` or not.
    """

    scores: tuple[float, ...]
    added: tuple[bool, ...]
    kinds: tuple[WordKind | None, ...]
    rates: tuple[float | None, ...]
    thirds: tuple[int | None, ...]
    second: tuple[bool, ...] | None
    signed: bool

    @property
    def ordinary(self) -> list[int]:
        return [position for position, added in enumerate(self.added) if not added]

    @property
    def alike(self) -> Heat:
        """The same text where every token has the same score."""
        return replace(self, scores=(1.0,) * len(self.scores))


def heat(text: str, tokens: Sequence[Token], scores: Sequence[float], rates: WordRates, *, signed: bool) -> Heat:
    """What there is to know of a heatmap; `rates` are those of the training texts."""
    kinds: list[WordKind | None] = [None] * len(tokens)
    found: list[float | None] = [None] * len(tokens)
    for unit in word_units(text, tokens):
        word = text[unit.start : unit.end]
        for position in unit.positions:
            kinds[position] = word_kind(word)
            found[position] = rates.of(word) if is_counted(word) else None
    thirds: list[int | None] = [None] * len(tokens)
    by_half = positions_by_half(text, tokens)
    for positions in by_half:
        for rank, position in enumerate(positions):
            thirds[position] = 3 * rank // len(positions)
    second = tuple(position in set(by_half[-1]) for position in range(len(tokens))) if is_pair(text) else None
    added = tuple(token.added for token in tokens)
    return Heat(tuple(scores), added, tuple(kinds), tuple(found), tuple(thirds), second, signed)


Measure = Callable[[Heat], float | None]
"""None for a text that it is not defined for."""


def entropy(one: Heat) -> float | None:
    """−Σ sᵢ ln sᵢ / ln n over the n ordinary tokens, sᵢ = |aᵢ| / Σ|a|: 0 where one token has all, 1 where all have the
    same."""
    shares = _shares(one)
    if shares is None or len(shares) < 2:
        return None
    return -sum(share * math.log(share) for share in shares if share > 0) / math.log(len(shares))


def top_fifth(one: Heat) -> float | None:
    """Σ of the largest fifth of the sᵢ, at least of one: as many as `top_agreement` compares."""
    shares = _shares(one)
    if shares is None:
        return None
    return sum(sorted(shares, reverse=True)[: max(1, round(TOP_SHARE * len(shares)))])


def against(one: Heat) -> float | None:
    """Σ sᵢ of the ordinary tokens with a negative score."""
    return _share_of(one, lambda position: one.scores[position] < 0) if one.signed else None


def on_added(one: Heat) -> float | None:
    """Σ|a| of the added tokens ÷ Σ|a| of all tokens."""
    total = math.fsum(map(abs, one.scores))
    return math.fsum(abs(a) for a, added in zip(one.scores, one.added, strict=True) if added) / total if total else None


def on_kind(*kinds: WordKind) -> Measure:
    """Σ sᵢ of the tokens of words of a kind."""
    return lambda one: _share_of(one, lambda position: one.kinds[position] in kinds)


def on_rates(least: float, below: float) -> Measure:
    """Σ sᵢ of the tokens of words whose rate among the training's words lies there."""

    def there(rate: float | None) -> bool:
        return rate is not None and least <= rate < below

    return lambda one: _share_of(one, lambda position: there(one.rates[position]))


def on_third(third: int) -> Measure:
    """Σ sᵢ of the tokens of a third of the text, of a pair of each of its texts."""
    return lambda one: _share_of(one, lambda position: one.thirds[position] == third)


def on_second(one: Heat) -> float | None:
    """Σ sᵢ of the tokens of a pair's second text."""
    second = one.second
    return None if second is None else _share_of(one, lambda position: second[position])


def _shares(one: Heat) -> list[float] | None:
    """sᵢ of the ordinary tokens; None where all are 0."""
    sizes = [abs(one.scores[position]) for position in one.ordinary]
    total = math.fsum(sizes)
    return [size / total for size in sizes] if total else None


def _share_of(one: Heat, chosen: Callable[[int], bool]) -> float | None:
    shares = _shares(one)
    if shares is None:
        return None
    return math.fsum(share for share, position in zip(shares, one.ordinary, strict=True) if chosen(position))


@dataclass(frozen=True)
class Pattern:
    """One figure of a heatmap, from 0 to 1. `title` stands in a table, `description` says in a sentence what it is.
    Where every token has the same score it has a value of its own (`Heat.alike`), beside which it is read, unless it is
    about signs."""

    name: str
    title: str
    description: str
    measure: Measure
    of_signs: bool = False


PATTERNS: Registry[Pattern] = Registry("pattern")
for _pattern in (
    Pattern("entropy", "Spread (entropy)", "0: all on one token; 1: all tokens alike.", entropy),
    Pattern("top_fifth", "On the top fifth", "Share of the fifth of the tokens with the largest scores.", top_fifth),
    Pattern("against", "Speaks against", "Share of the tokens with a negative score.", against, of_signs=True),
    Pattern("added", "On added tokens", "Share of tokens such as [CLS], of all tokens.", on_added),
    Pattern("marks", "On punctuation", "Share of tokens without letter or digit.", on_kind("mark")),
    Pattern("content", "On content words", "Share of all words that are on neither list below.", on_kind("content")),
    Pattern("function", "On function words", "Share of words on a closed list of English.", on_kind("function")),
    Pattern("negation", "On negations", "Share of no, not, never, …n't and their like.", on_kind("negation")),
    Pattern(
        "rare",
        "On rare words",
        f"Share of words below {percent(RARE, decimals=2)} of the training's words.",
        on_rates(-1.0, RARE),
    ),
    Pattern(
        "frequent",
        "On frequent words",
        f"Share of words from {percent(FREQUENT)} of the training's words on.",
        on_rates(FREQUENT, 2.0),
    ),
    Pattern("first", "On the first third", "Share of the first third of the text's tokens.", on_third(0)),
    Pattern("middle", "On the middle third", "Share of the middle third.", on_third(1)),
    Pattern("last", "On the last third", "Share of the last third.", on_third(2)),
    Pattern("second_text", "On the second text", "Share of the second text of a pair.", on_second),
):
    PATTERNS.register(_pattern.name, _pattern)
