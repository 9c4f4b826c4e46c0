"""Which texts a study asks about: a collection, or a stratified random sample of a test set; all, or filtered."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bcos_core.errors import DataError, InputError
from bcos_core.tasks.task_type import TaskType
from bcos_core.text.words import word_spans

STRATA = {
    "label": "label",
    "correct": "right or wrong",
    "length": "length",
}
ANSWERED = {"": "right or wrong", "right": "answered rightly", "wrong": "answered wrongly"}
LONGEST_SEARCH = 200  # characters


@dataclass(frozen=True)
class Candidate:
    """A text that a study may ask about: its `label` where it has one, whether the first model is `correct`, and the
    group that it counts for where numbers by label are to be equal (see `TaskType.bands`; the label, unless given)."""

    text: str
    label: str | None = None
    correct: bool | None = None
    band: str | None = None
    agreed: bool = True
    """The models of the study give the same answer; asked only where several of them stand on one screen."""


@dataclass(frozen=True)
class Source:
    """Where the texts come from, and how many.

    With a `collection`, its texts in their order, else a random sample of the test set with as many texts of every
    combination of the `strata` as there can be. Only texts of `least` to `most` words, which contain `contains`
    (whatever the case), and which the first condition's model `answered` "right" or "wrong" ("": either).

    Raises:
        InputError: a number out of range, or an unknown stratum or answer.
    """

    count: int = 24
    collection: str = ""
    strata: tuple[str, ...] = ("label", "correct")
    least: int = 5
    most: int = 60
    contains: str = ""
    answered: str = ""
    seed: int = 42

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 5000:
            raise InputError(f"The study has {self.count} texts; expected 1 to 5,000.")
        if not 1 <= self.least <= self.most:
            raise InputError(f"Texts of {self.least} to {self.most} words; expected at least 1, and no fewer at most.")
        for name in self.strata:
            if name not in STRATA:
                raise InputError(f"Unknown stratum {name!r}. Known: {', '.join(STRATA)}.")
        if self.answered not in ANSWERED:
            raise InputError(f"answered is {self.answered!r}; expected {', '.join(map(repr, ANSWERED))}.")
        if len(self.contains) > LONGEST_SEARCH:
            raise InputError(f"The words to look for have {len(self.contains)} characters; at most {LONGEST_SEARCH}.")

    def unsupported(self, kind: TaskType) -> str | None:
        """Why texts of such a task cannot be chosen so, and what to do; None if they can."""
        if kind.discrete or not ("correct" in self.strata or self.answered):
            return None
        return (
            f"Models that answer with {kind.title.lower()} are nearer or further, not right or wrong: texts cannot be "
            "chosen, nor balanced, by that. Leave it out."
        )

    @property
    def filter_title(self) -> str:
        """What is asked of the texts besides their length, in words; "" for nothing."""
        asked = [f"with “{self.contains}” in them"] if self.contains else []
        return " and ".join(asked + ([ANSWERED[self.answered] + " by the model"] if self.answered else []))

    def admits(self, candidate: Candidate) -> bool:
        """Whether a text is among those to choose from."""
        return (
            candidate.agreed
            and self.least <= len(word_spans(candidate.text)) <= self.most
            and self.contains.casefold() in candidate.text.casefold()
            and (not self.answered or candidate.correct is (self.answered == "right"))
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def strata_of(kind: TaskType) -> dict[str, str]:
    """Name → title of what texts of such a task can be balanced by."""
    titles = {**STRATA, "label": kind.bands_title}
    return titles if kind.discrete else {name: title for name, title in titles.items() if name != "correct"}


def select_texts(candidates: Sequence[Candidate], source: Source, *, extra: int = 0) -> list[Candidate]:
    """`source.count` texts, then `extra` further ones (for practice and checks); the same for the same seed.

    Of a sample, every stratum gets the same number of texts (Neyman's equal allocation: contrasts between strata are
    what a small study can say most about), the smaller ones all that they have. Drawn one from each stratum in turn,
    so that the first ones of the list are balanced too.

    Raises:
        DataError: there are not so many texts of that length.
    """
    wanted = source.count + extra
    fitting = [candidate for candidate in _once(candidates) if source.admits(candidate)]
    if len(fitting) < wanted:
        origin = f"The collection {source.collection!r}" if source.collection else "The test set"
        asked = f", {source.filter_title}" if source.filter_title else ""
        asked += "" if all(one.agreed for one in candidates) else ", to which all its models give the same answer"
        raise DataError(
            f"{origin} has {len(fitting):,} texts of {source.least} to {source.most} words{asked}; the study needs "
            f"{wanted:,} ({source.count:,} items and {extra:,} for practice and checks). Choose fewer, or ask less of "
            "the texts."
        )
    if source.collection:
        return fitting[:wanted]
    strata: dict[tuple[object, ...], list[Candidate]] = defaultdict(list)
    lengths = [len(word_spans(candidate.text)) for candidate in fitting]
    cuts = np.quantile(lengths, [1 / 3, 2 / 3])
    for candidate, length in zip(fitting, lengths, strict=True):
        values = {
            "label": candidate.band or candidate.label,
            "correct": candidate.correct,
            "length": int((length > cuts).sum()),
        }
        strata[tuple(values[name] for name in source.strata)].append(candidate)
    queues = [
        sorted(strata[key], key=lambda candidate: _draw(candidate.text, source.seed))
        for key in sorted(strata, key=repr)
    ]
    chosen: list[Candidate] = []
    for turn in range(max(map(len, queues))):
        chosen += [queue[turn] for queue in queues if turn < len(queue)]
    return chosen[:wanted]


def _once(candidates: Sequence[Candidate]) -> list[Candidate]:
    return list({candidate.text: candidate for candidate in reversed(candidates)}.values())[::-1]


def _draw(text: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{text}".encode("utf-8", "surrogatepass")).digest()
