"""Checkpoints: ordinary Hugging Face folders (config.json, safetensors, tokenizer) with two additions.

A B-cos model has a `bcos` section in config.json, from which its structure is rebuilt before the weights are
loaded. Every checkpoint written here has a `checkpoint.json` that says what it was trained on and how well.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from bcos_core.errors import StorageError
from bcos_core.model.about import ABOUT_FILE, write_about
from bcos_core.model.anatomy import family_of
from bcos_core.model.content import content_of
from bcos_core.model.convert import is_bcos
from bcos_core.model.info import DETAILS_FILE, FORMAT_VERSION, CheckpointInfo, read_config
from bcos_core.model.loading import load_finished, load_language_model
from bcos_core.model.quiet import transformers_in_turn
from bcos_core.model.text_model import position_limit
from bcos_core.model.tokenizer import save_tokenizer
from bcos_core.storage.stored_json import to_json
from bcos_core.tasks.next_token import NextToken


def save_checkpoint(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    path: Path,
    *,
    labels: Sequence[str] = (),
    beside: Mapping[str, str] | None = None,
    **details: Any,
) -> CheckpointInfo:
    """Write a checkpoint folder, whole or not at all: under a temporary name first, then renamed. `labels` are those of
    a classifier; a language model has none.

    `details` are further fields of `CheckpointInfo`, `beside` what further files have, by their names. An older
    checkpoint at `path` is replaced; what people have said of that one is kept.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    speaks = family_of(model).speaks
    if speaks:
        details["task_type"] = NextToken.name
    else:
        model.config.id2label = dict(enumerate(labels))
        model.config.label2id = {label: index for index, label in enumerate(labels)}
    details.setdefault("max_length", position_limit(model))
    info = CheckpointInfo(
        path=path,
        name=details.pop("name", path.name),
        kind="bcos" if is_bcos(model) else "conventional",
        family=family_of(model).title,
        labels=tuple(labels),
        b=model.config.bcos["b"] if is_bcos(model) else None,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        **details,
    )
    with renamed_when_complete(path) as folder:
        with transformers_in_turn():
            model.save_pretrained(folder)
        save_tokenizer(tokenizer, folder)
        info = replace(info, content=content_of(folder))
        stored = {k: v for k, v in asdict(info).items() if k not in ("path", "about")}
        stored["format_version"] = FORMAT_VERSION
        (folder / DETAILS_FILE).write_text(to_json(stored, DETAILS_FILE, indent=2), encoding="utf-8")
        for name, text in (beside or {}).items():
            (folder / name).write_text(text, encoding="utf-8")
        if (path / ABOUT_FILE).is_file():
            shutil.copy2(path / ABOUT_FILE, folder / ABOUT_FILE)
        elif info.about.said:
            write_about(folder, info.about)
    return info


@contextmanager
def renamed_when_complete(path: Path) -> Iterator[Path]:
    """A temporary folder beside `path` that takes its place when the block ends well, and is removed when not. One
    process at a time writes a path: what an earlier one that was killed has left is removed.

    Raises:
        StorageError: an OSError (full disk, no permission) inside the block.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        for unfinished in path.parent.glob(f".{escape(path.name)}.*.partial"):
            shutil.rmtree(unfinished, ignore_errors=True)
        temporary.mkdir(parents=True)
        yield temporary
        if path.exists():
            shutil.rmtree(path)
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        raise StorageError(
            f"Cannot write the checkpoint {path} ({error}). Free some disk space, or set BCOS_HOME to another disk."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def load_model(path: Path) -> PreTrainedModel:
    """The classifier, or language model, in a checkpoint folder, in evaluation mode, in float32.

    Raises:
        CheckpointError: not a model folder, damaged, not whole, or written by a newer format version.
        UnsupportedModelError: a family or part without a rule, or neither of the two.
    """
    loaded = load_language_model(path) if read_config(path).saved_by_language_model else load_finished(path)
    return loaded.model


def state_hash(model: PreTrainedModel) -> str:
    """SHA-256 over the weights of a model in memory, the first 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().contiguous().cpu().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]
