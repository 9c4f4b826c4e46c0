"""What a model folder's files say of its tokenizer, without loading it, or the libraries that would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def named_tokens(folder: Path) -> tuple[str, ...]:
    """Which of "mask" and "pad" a tokenizer has a token for, by its files alone: they name one, or the vocabulary has
    what BERT's and RoBERTa's tokenizers call theirs unless told otherwise. A file that cannot be read says nothing."""
    said = [_read(folder / name) for name in ("tokenizer_config.json", "special_tokens_map.json")]
    added = _read(folder / "tokenizer.json").get("added_tokens")
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
