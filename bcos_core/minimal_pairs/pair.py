"""A minimal pair: one beginning, two words that may follow it, and the word of the beginning that decides.

As in BLiMP (Warstadt et al., arXiv 1912.00582), whose one-prefix method compares the two words after the same prefix.
The evidence is what a person would point at (Yin & Neubig, arXiv 2202.10419, §4).
"""

from __future__ import annotations

from dataclasses import dataclass

from bcos_core.errors import DataError
from bcos_core.text.blank import is_blank
from bcos_core.text.words import Span, word_spans


@dataclass(frozen=True)
class MinimalPair:
    """After `prefix` the word `good` is right and `bad` is wrong; each begins with the white space before it, so that
    `prefix + good` is a text. `evidence` is the (start, end) character span of the deciding word in the prefix, None
    where nobody has marked one. `paradigm` names what the pair is about.

    Raises:
        DataError: an empty part, two words that are the same, or evidence that is no part of the prefix.
    """

    prefix: str
    good: str
    bad: str
    evidence: Span | None
    paradigm: str

    def __post_init__(self) -> None:
        for name in ("prefix", "good", "bad"):
            if is_blank(getattr(self, name)):
                raise DataError(f"A minimal pair has nothing to read as its {name}; expected a text.")
        if first_word(self.good) == first_word(self.bad):
            raise DataError(
                f"Both words of a minimal pair begin with {first_word(self.good)!r}; expected two that differ from the "
                "first word on. Put what both share into the prefix."
            )
        if self.prefix[-1].isspace():
            raise DataError(
                f"The prefix of a minimal pair, {self.prefix!r:.60}, ends with white space. Let each of the two words "
                "begin with it, as tokenizers do."
            )
        if self.evidence is not None:
            self._require_evidence(*self.evidence)

    def _require_evidence(self, start: int, end: int) -> None:
        if not 0 <= start < end <= len(self.prefix):
            raise DataError(
                f"The evidence of a minimal pair is at the characters {start} to {end} of a prefix that has "
                f"{len(self.prefix)}; expected a span of it."
            )
        if self.prefix[start].isspace() or self.prefix[end - 1].isspace():
            raise DataError(
                f"The evidence of a minimal pair, {self.prefix[start:end]!r}, begins or ends with white space; "
                "expected a word."
            )

    @property
    def evidence_word(self) -> str | None:
        """The characters of the evidence."""
        return None if self.evidence is None else self.prefix[slice(*self.evidence)]

    @property
    def asked(self) -> tuple[str, str, str, Span | None]:
        """What a model is asked by it: two pairs that differ in their paradigm alone are one question."""
        return self.prefix, self.good, self.bad, self.evidence

    @property
    def texts(self) -> tuple[str, str]:
        """The right and the wrong text, up to the critical word."""
        return self.prefix + self.good, self.prefix + self.bad


def first_word(text: str) -> str:
    """The first word of a text that is not blank; punctuation marks are words of their own."""
    start, end = word_spans(text)[0]
    return text[start:end]
