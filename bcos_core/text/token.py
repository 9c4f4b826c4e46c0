"""One token of a text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Token:
    """One token of the input.

    `start` and `end` are its character span in the text, `None` for a token that the tokenizer added
    ([CLS], [SEP], <s>, …).
    """

    text: str
    start: int | None
    end: int | None

    @property
    def added(self) -> bool:
        return self.start is None
