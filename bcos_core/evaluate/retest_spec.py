"""What a retest is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.word_edits import WORD_EDITS
from bcos_core.model.info import CheckpointInfo, read_info
from bcos_core.option import choice, misfits
from bcos_core.text.words import word_spans


@dataclass(frozen=True)
class RetestSpec:
    """`word` is edited in those of the first `limit` test texts of `checkpoint`, a folder, that have it, as `edit`
    says, `other` in its place where that replaces. `method` explains the output number `label`.

    Raises:
        UnknownNameError: no such method or edit.
        InputError: no word, or more than one; a number out of range; a replacement that is missing or of no use.
    """

    checkpoint: str
    word: str
    label: int
    method: str
    edit: str = "drop"
    other: str = ""
    limit: int = choice(300, "Test texts", "Test texts to look at.", least=1, most=100_000)
    seed: int = choice(0, "Seed", "Seed of the words drawn by lot.", least=0, most=2**32 - 1)

    def __post_init__(self) -> None:
        if not METHODS[self.method].targeted:
            raise InputError(
                f"{METHODS[self.method].title} says the same whatever is explained, so it leans on no word. Choose "
                "another method."
            )
        word = self.word.strip()
        if word_spans(word) != ((0, len(word)),):
            raise InputError(f"The word is {self.word!r}; expected one word, without white space or marks around it.")
        if WORD_EDITS[self.edit].replaces != bool(self.other.strip()):
            raise InputError(
                "To replace a word, name the other one."
                if not self.other.strip()
                else "Only a replacement has another word."
            )
        if self.other.strip().lower() == word.lower():
            raise InputError(f"The word “{word}” would be replaced by itself. Name another one.")
        if self.edit == "negate" and word.lower() == "not":
            raise InputError("“not” cannot be negated. Drop it, or choose another word.")
        if self.label < 0:
            raise InputError(f"label is {self.label}; expected the number of an output, from 0.")
        for name, option in misfits(self).items():
            raise InputError(f"{name} is {getattr(self, name)!r}; expected {option.expected}.")

    @property
    def model(self) -> CheckpointInfo:
        """
        Raises:
            CheckpointError: it is not there any more.
        """
        return read_info(Path(self.checkpoint))
