"""What a model folder's files say of its tokenizer, without loading it, or the libraries that would."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from bcos_core.errors import CheckpointError
from bcos_core.storage.content import Stamp, file_stamp
from bcos_core.storage.stored_json import read_json

LARGEST = 256 << 20
"""Bytes; that of 260,000 tokens has 35 MB."""
FILES = ("tokenizer_config.json", "special_tokens_map.json", "tokenizer.json")


def named_tokens(folder: Path) -> tuple[str, ...]:
    """Which of "mask" and "pad" a tokenizer has a token for, by its files alone: they name one, or the vocabulary has
    what BERT's and RoBERTa's tokenizers call theirs unless told otherwise. A file that cannot be read says nothing.
    Read once for as long as the files stay as they are: a vocabulary can have megabytes."""
    return _named_tokens(folder, tuple(_stamp(folder / name) for name in FILES))


def _stamp(file: Path) -> Stamp | None:
    try:
        return file_stamp(file)
    except OSError:
        return None


@lru_cache(maxsize=256)
def _named_tokens(folder: Path, stamps: Sequence[Stamp | None]) -> tuple[str, ...]:
    *said, vocabulary = (_read(folder / name) for name in FILES)
    added = vocabulary.get("added_tokens")
    named = [one.get("content") for one in added if isinstance(one, dict)] if isinstance(added, list) else []
    known = {one for one in named if isinstance(one, str)}
    usual = {"mask": {"[MASK]", "<mask>"}, "pad": {"[PAD]", "<pad>"}}
    return tuple(
        name for name, words in usual.items() if any(one.get(f"{name}_token") for one in said) or words & known
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        return read_json(file, dict[str, Any], error=CheckpointError, advice="", largest=LARGEST)
    except CheckpointError:
        return {}
