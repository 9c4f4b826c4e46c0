"""Model folders as save_pretrained writes them: a tiny random classifier of a family, and a tokenizer of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertTokenizer,
    DistilBertTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    RobertaTokenizer,
)

from tests.model.tiny import VOCABULARY, tiny_model

WORDS = ("good", "bad", "film", "plot", "acting", "dull", "charming", "never", "ends", "and", "the", "a", "very")
TEXT = "The charming film never ends, and the plot"
FAMILIES = ("bert", "distilbert", "roberta")


def tiny_tokenizer(family: str, *, size: int = VOCABULARY) -> PreTrainedTokenizerBase:
    """A tokenizer of `size` tokens: special ones, words, letters; WordPiece, for RoBERTa byte pairs."""
    if family == "roberta":
        specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        letters = [chr(code) for code in range(ord("a"), ord("z") + 1)] + ["Ġ", ",", "."]
        merges: list[Any] = []  # pairs, which the signature does not tell of
        made = []
        for word in WORDS:  # each word from its letters, one after another
            for end in range(2, len(word) + 1):
                pair = (word[: end - 1], word[end - 1])
                if pair not in merges:
                    merges.append(pair)
                    made.append(word[:end])
        tokens = [*specials, *letters, *dict.fromkeys(made)]
        tokens += [chr(0x4E00 + number) for number in range(size - len(tokens))]
        return RobertaTokenizer(vocab={token: index for index, token in enumerate(tokens)}, merges=merges)
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    tokens = list(dict.fromkeys([*specials, *WORDS, ",", ".", *letters, *(f"##{letter}" for letter in letters)]))
    tokens += [f"[unused{number}]" for number in range(size - len(tokens))]
    kind = BertTokenizer if family == "bert" else DistilBertTokenizer
    return kind(vocab={token: index for index, token in enumerate(tokens)})


def save_folder(folder: Path, family: str, **options: int) -> Path:
    """A classifier and its tokenizer, as transformers saves them; `options` are those of `tiny_model`."""
    return save_model(folder, tiny_model(family, **options))


def save_model(folder: Path, model: PreTrainedModel) -> Path:
    model.save_pretrained(folder)
    tiny_tokenizer(model.config.model_type).save_pretrained(folder)
    return folder


def change_config(folder: Path, **changes: object) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def change_weights(folder: Path, change: Callable[[dict[str, Tensor]], dict[str, Tensor]]) -> None:
    file = folder / "model.safetensors"
    save_file(change(load_file(file)), file, metadata={"format": "pt"})


def reference_logits(folder: Path, text: str = TEXT) -> Tensor:
    """(classes,), by transformers alone."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        return model(**tokenizer(text, return_tensors="pt")).logits[0]
