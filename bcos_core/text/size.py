"""How large a task is, known well enough to say how long work on it will take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bcos_core.text.bundle import is_bundle
from bcos_core.text.content import choice_hash
from bcos_core.text.tasks import TaskChoice, load_task

READ_BYTES = 20_000_000
"""A file of at most this size is read for an estimate; of a larger one the beginning is looked at."""
SAMPLE_BYTES = 1_000_000
SAMPLE_TEXTS = 2000
TOKENS_PER_WORD = 1.35  # of word-piece tokenizers on English
SPECIAL_TOKENS = 2
BYTES_PER_TOKEN = 4.5
TRAIN, VALIDATION, TEST = 0.82, 0.06, 0.12
"""Shares of the sides of a task that is split here."""


@dataclass(frozen=True)
class TaskSize:
    """Texts of each side, and mean tokens of a text before it is cut."""

    train: int
    validation: int
    test: int
    tokens: float


UNKNOWN = TaskSize(train=8200, validation=600, test=1200, tokens=40.0)
"""A hub data set, which only a download would measure, or a large archive."""


def task_size(choice: TaskChoice) -> TaskSize:
    """
    Raises:
        DataError: the task cannot be used.
    """
    if choice.kind == "hub":
        return UNKNOWN
    path = Path(choice.name)
    if choice.kind == "file" and path.is_file() and path.stat().st_size > READ_BYTES:
        return UNKNOWN if is_bundle(path) else glanced(path)
    return _read(choice, choice_hash(choice))


def about_tokens(text: str) -> float:
    """Of a text before it is cut, by its words: near enough to say how long work on it will take."""
    return TOKENS_PER_WORD * len(text.split()) + SPECIAL_TOKENS


@lru_cache(maxsize=64)
def _read(choice: TaskChoice, content: str) -> TaskSize:
    data = load_task(choice)
    texts = data.train.texts[:SAMPLE_TEXTS]
    tokens = sum(map(about_tokens, texts)) / max(1, len(texts))
    return TaskSize(len(data.train), len(data.validation), len(data.test), tokens)


def glanced(path: Path) -> TaskSize:
    """Of a large file by its beginning, as if a row were a line, and all of it text."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    row = len(sample) / max(1, sample.count(b"\n"))
    rows = path.stat().st_size / row
    tokens = row / BYTES_PER_TOKEN + SPECIAL_TOKENS
    return TaskSize(round(TRAIN * rows), round(VALIDATION * rows), round(TEST * rows), tokens)
