"""The tokenizer of a model folder, and whether it is that of the model.

transformers makes an empty tokenizer where the vocabulary is missing, and says nothing: every word is unknown then, and
every text gets the same answer. Whatever can be seen of a wrong tokenizer is looked for when it is loaded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer, PretrainedConfig, PreTrainedTokenizerBase

from bcos_core.errors import CheckpointError, UnsupportedModelError
from bcos_core.families import family_named
from bcos_core.model.content import SENTENCEPIECE
from bcos_core.model.quiet import transformers_in_turn
from bcos_core.model.variants import require_own_tokenizer

# Any one set of these is a vocabulary.
VOCABULARIES = (("tokenizer.json",), ("vocab.txt",), ("vocab.json", "merges.txt"))
LINES = ("vocab.txt", "merges.txt")  # one token or merge a line

# Embeddings are made somewhat larger than the vocabulary, to a multiple that suits the hardware.
PADDING_ROWS = 128
# The share of a vocabulary that may be out of place: no merge makes it, or it has capitals among small letters.
ODDITIES = 0.01


HOW_IT_WAS_LOADED = ("is_local", "local_files_only")
"""What transformers writes into tokenizer_config.json of the process that loaded the tokenizer."""


@dataclass(frozen=True)
class LoadedTokenizer:
    """A tokenizer, and what a person should know of it, in whole sentences."""

    tokenizer: PreTrainedTokenizerBase
    notes: tuple[str, ...] = ()


def require_vocabulary(folder: Path) -> None:
    """Refuse a folder without the files that a tokenizer needs, or whose tokenizer needs code of its own.

    Raises:
        CheckpointError: there are none.
        UnsupportedModelError: it comes with code.
    """
    require_own_tokenizer(folder)
    if any(all((folder / file).is_file() for file in files) for files in VOCABULARIES):
        return
    if any(folder.glob(SENTENCEPIECE)):
        return
    raise CheckpointError(
        f"The folder {folder.name} has no tokenizer: every word would be unknown. Expected tokenizer.json, or "
        "vocab.txt, or vocab.json and merges.txt. Copy them, with tokenizer_config.json, from where the model came "
        "from."
    )


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write a tokenizer's files, as `save_pretrained` does but for how it was loaded: a model is known by what is in
    its files (`bcos_core.model.identity`), and would be another one where no hub could be asked."""
    tokenizer.save_pretrained(folder)
    file = folder / "tokenizer_config.json"
    said = {name: value for name, value in json.loads(file.read_text("utf-8")).items() if name not in HOW_IT_WAS_LOADED}
    file.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", "utf-8")


def load_tokenizer(folder: Path, config: PretrainedConfig) -> LoadedTokenizer:
    """The tokenizer of a model folder whose config is `config`.

    Raises:
        CheckpointError: there is none that can be read, or it is not the model's.
        UnsupportedModelError: one that gives no character offsets.
    """
    require_vocabulary(folder)
    try:
        with transformers_in_turn():
            tokenizer = AutoTokenizer.from_pretrained(folder)
    except Exception as error:  # the tokenizers library raises bare exceptions at what it cannot read
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CheckpointError(
            f"The tokenizer of {folder.name} cannot be read ({reason[:200]}). "
            "Copy tokenizer.json and tokenizer_config.json anew from where the model came from."
        ) from error
    if not tokenizer.is_fast:
        raise UnsupportedModelError(
            f"{type(tokenizer).__name__} gives no character offsets. "
            "Use a model with a fast tokenizer (tokenizer.json)."
        )
    return LoadedTokenizer(tokenizer, tuple(_checked(tokenizer, folder, config)))


def _checked(tokenizer: PreTrainedTokenizerBase, folder: Path, config: PretrainedConfig) -> list[str]:
    """Notes on a tokenizer that may be the model's.

    Raises:
        CheckpointError: it is not.
    """
    vocabulary, rows = tokenizer.get_vocab(), int(config.vocab_size)
    added = {str(token) for token in tokenizer.added_tokens_decoder.values()} | set(tokenizer.all_special_tokens)
    highest = max(vocabulary.values(), default=-1)
    if highest >= rows:
        raise CheckpointError(
            f"The tokenizer of {folder.name} has {highest + 1:,} tokens, but its model has embeddings for {rows:,}: "
            "a text with one of the others could not be read. Copy the tokenizer that belongs to the model, or, to "
            "train, enlarge the model's embeddings (resize_token_embeddings) and save it again."
        )
    known = len(vocabulary)
    if vocabulary.keys() <= added or 2 * known < rows:
        raise CheckpointError(
            f"The tokenizer of {folder.name} knows {known:,} tokens, but its model has embeddings for {rows:,}: almost "
            "every word would be unknown. Copy the tokenizer that belongs to the model."
        )
    unreachable = _unreachable(tokenizer, added)
    if unreachable > ODDITIES * known:
        raise CheckpointError(
            f"The tokenizer of {folder.name} has no merges for {unreachable:,} of its {known:,} tokens, so that they "
            "never occur: merges.txt is cut, or another model's. Copy the tokenizer anew."
        )
    if known < rows or unreachable:
        _refuse_cut_lines(folder)
    _refuse_unstated_settings(tokenizer, vocabulary.keys() - added, folder)
    _refuse_other_padding(tokenizer, folder, config)
    if known + PADDING_ROWS < rows:
        return [
            f"The tokenizer of {folder.name} knows {known:,} of the {rows:,} tokens that its model has embeddings for."
        ]
    return []


def _unreachable(tokenizer: PreTrainedTokenizerBase, added: set[str]) -> int:
    """Of a byte-pair encoding, the tokens longer than a character that no merge makes."""
    model: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    if model.get("type") != "BPE" or model.get("ignore_merges"):
        return 0
    pairs = (merge.split(" ", 1) if isinstance(merge, str) else merge for merge in model["merges"])
    prefix = model.get("continuing_subword_prefix") or ""
    made = {first + second.removeprefix(prefix) for first, second in pairs}
    return sum(len(token) > 1 and token not in made and token not in added for token in model["vocab"])


def _refuse_cut_lines(folder: Path) -> None:
    """A vocabulary that is smaller than the model's, in a file whose last line has no end: it was cut."""
    if (folder / "tokenizer.json").is_file():
        return
    for name in LINES:
        content = (folder / name).read_bytes() if (folder / name).is_file() else b""
        if content and not content.endswith(b"\n"):
            raise CheckpointError(
                f"{folder.name}/{name} is cut: it has fewer lines than the model has tokens, and the last has no "
                "end. Copy it anew."
            )


def _refuse_unstated_settings(tokenizer: PreTrainedTokenizerBase, ordinary: set[str], folder: Path) -> None:
    """Without a tokenizer_config.json transformers takes its own defaults, whatever tokenizer.json says. Where that
    makes a difference, nobody knows what the model was trained with."""
    if (folder / "tokenizer_config.json").is_file():
        return
    if (folder / "tokenizer.json").is_file():
        stated = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        taken = json.loads(tokenizer.backend_tokenizer.to_str())
        differ = any(stated.get(part) != taken.get(part) for part in ("normalizer", "pre_tokenizer"))
    else:
        capitals = sum(token != token.lower() for token in ordinary)
        differ = bool(getattr(tokenizer, "do_lower_case", False)) and capitals > ODDITIES * len(ordinary)
    if differ:
        raise CheckpointError(
            f"The folder {folder.name} has no tokenizer_config.json, and its vocabulary is not made for the settings "
            "that are usual (small letters, spaces). Copy that file from where the model came from, or write one, "
            'such as {"do_lower_case": false}.'
        )


def _refuse_other_padding(tokenizer: PreTrainedTokenizerBase, folder: Path, config: PretrainedConfig) -> None:
    """Some families count positions over tokens that are not padding, by the model's id of it."""
    if family_named(config.model_type).first_position is None:
        return
    if config.pad_token_id is None or tokenizer.pad_token_id != config.pad_token_id:
        raise CheckpointError(
            f"The tokenizer of {folder.name} pads with the id {tokenizer.pad_token_id}, its model expects "
            f"{config.pad_token_id} (pad_token_id) and would count positions wrongly. "
            "Copy the tokenizer that belongs to the model."
        )
