"""What a checkpoint's files were when it was saved, so that one which was exchanged later is found.

A tokenizer or a config.json of another model often fits in every number, and the answers are wrong.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from bcos_core.errors import CheckpointError
from bcos_core.model.info import DETAILS_FILE, CheckpointInfo
from bcos_core.storage.stored_json import read_json

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
)
SENTENCEPIECE = "*.model"
# What people may change in a config.json without changing what the model computes.
NAMES = ("id2label", "label2id", "_name_or_path", "transformers_version", "dtype", "torch_dtype")
ADVICE = (
    "Copy the folder anew. If you changed it on purpose, remove “content” from "
    f"its {DETAILS_FILE}: then it is taken as it is."
)


def content_of(folder: Path) -> dict[str, str]:
    """Hashes of what decides a model's answers, by what it is: "config", "tokenizer", "weights"."""
    return {**_small_parts(folder), "weights": weights_hash(folder)}


def _small_parts(folder: Path) -> dict[str, str]:
    config = read_json(folder / "config.json", dict[str, object], error=CheckpointError, advice=ADVICE)
    computes = {key: value for key, value in config.items() if key not in NAMES}
    tokenizer = hashlib.sha256()
    for name in (*TOKENIZER_FILES, *sorted(file.name for file in folder.glob(SENTENCEPIECE))):
        if (folder / name).is_file():
            tokenizer.update(f"{name}\0{(folder / name).stat().st_size}\0".encode())
            tokenizer.update((folder / name).read_bytes())
    return {
        "config": hashlib.sha256(json.dumps(computes, sort_keys=True).encode()).hexdigest()[:16],
        "tokenizer": tokenizer.hexdigest()[:16],
    }


def weights_hash(path: Path) -> str:
    """SHA-256 over the weight files of a folder, the first 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for file in sorted([*path.glob("*.safetensors"), *path.glob("pytorch_model*.bin")]):
        if not file.is_file():  # a pipe would be waited for
            continue
        with file.open("rb") as stream:
            while block := stream.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()[:16]


def require_same_content(info: CheckpointInfo, now: Mapping[str, str]) -> tuple[str, ...]:
    """Notes on a checkpoint whose weights are, by its content `now`, not those that it was saved with: recast or cut
    up into shards they are still a model's, but perhaps not of the one that was measured.

    Raises:
        CheckpointError: its tokenizer or what its config.json computes is another.
    """
    if info.content is None:
        return ()
    for part, what in (("config", "config.json"), ("tokenizer", "tokenizer")):
        if info.content.get(part) != now[part]:
            raise CheckpointError(f"The {what} of {info.path.name} is not the one that it was saved with. {ADVICE}")
    if info.content.get("weights") == now["weights"]:
        return ()
    figures = ", ".join(f"{name} {value:.3f}" for name, value in info.metrics.items())
    measured = f", of which {figures} was measured" if figures else ""
    return (f"The weight files of {info.path.name} are not those that it was saved with{measured}.",)
