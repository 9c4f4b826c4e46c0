"""The comprehension check: questions about the instructions, before the first item.

Two tries, because that is what panels ask for before somebody is sent away (Prolific, "Attention and comprehension
check policy").
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bcos_core.errors import InputError

TRIES = 2
MOST_QUESTIONS = 3
LONGEST_WORDING = 300  # characters


@dataclass(frozen=True)
class CheckQuestion:
    """One question about the instructions, its right answer and the wrong ones.

    Raises:
        InputError: a wording that cannot be shown, two answers alike, or no wrong one.
    """

    prompt: str
    right: str
    wrong: tuple[str, ...]

    def __post_init__(self) -> None:
        answers = (self.right, *self.wrong)
        if any(not one.strip() or len(one) > LONGEST_WORDING for one in (self.prompt, *answers)):
            raise InputError(
                f"A question about the instructions needs a wording and answers of 1 to {LONGEST_WORDING} characters."
            )
        if not 2 <= len(answers) <= 6 or len(set(answers)) < len(answers):
            raise InputError(
                f"The question “{self.prompt[:60]}” has {len(answers)} answers; expected 2 to 6, no two alike, the "
                "right one first."
            )

    def shown(self) -> list[str]:
        """The answers in an order that says nothing: by their hash."""
        answers = (self.right, *self.wrong)
        return sorted(answers, key=lambda one: hashlib.sha256(f"{self.prompt}\0{one}".encode()).digest())
