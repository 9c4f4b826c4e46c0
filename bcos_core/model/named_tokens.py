"""What a model folder's files say of its tokenizer, without loading it, or the libraries that would."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from bcos_core.storage.content import Stamp, file_stamp

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
    known = {one.get("content") for one in added if isinstance(one, dict)} if isinstance(added, list) else set()
    usual = {"mask": {"[MASK]", "<mask>"}, "pad": {"[PAD]", "<pad>"}}
    return tuple(
        name for name, words in usual.items() if any(one.get(f"{name}_token") for one in said) or words & known
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
