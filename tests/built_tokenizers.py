"""Tokenizers of three kinds, trained on a few lines, and tiny random classifiers that read with them."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from bcos_core import convert
from bcos_core.model.classifier import Classifier, wrap

KINDS = ("wordpiece", "byte-level", "unigram")
MAX_LENGTH = 48
_LINES = [
    "A charming film, not dull!",
    "It isn't good; it is great... and long!!!",
    "the of film film good good dull dull never ends",
    "très 映画 😀 — fine :)",
] * 3
_SQUARE = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_ANGLED = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


@cache
def built_tokenizer(kind: str) -> PreTrainedTokenizerBase:
    """As BERT's (WordPiece), RoBERTa's (bytes, whose offsets leave white space out), XLM-RoBERTa's (Unigram)."""
    if kind == "wordpiece":
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer: trainers.Trainer = trainers.WordPieceTrainer(
            vocab_size=200, special_tokens=_SQUARE, show_progress=False
        )
        tokenizer.train_from_iterator(_LINES, trainer)
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        names: dict[str, Any] = dict(zip(("pad", "unk", "cls", "sep", "mask"), _SQUARE, strict=True))
    else:
        if kind == "byte-level":
            tokenizer = Tokenizer(models.BPE())
            tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
            trainer = trainers.BpeTrainer(
                vocab_size=330,
                special_tokens=_ANGLED,
                initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                show_progress=False,
            )
            processor: processors.PostProcessor = processors.RobertaProcessing(
                ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False
            )
        else:
            tokenizer = Tokenizer(models.Unigram())
            tokenizer.normalizer = normalizers.NFKC()
            tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
            trainer = trainers.UnigramTrainer(
                vocab_size=120, special_tokens=_ANGLED, unk_token="<unk>", show_progress=False
            )
            processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
        tokenizer.train_from_iterator(_LINES, trainer)
        tokenizer.post_processor = processor
        names = dict(zip(("cls", "pad", "sep", "unk"), _ANGLED, strict=False))
        names["mask"] = AddedToken("<mask>", lstrip=kind == "byte-level")
    told = ["input_ids", "token_type_ids", "attention_mask"] if kind == "wordpiece" else ["input_ids", "attention_mask"]
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_input_names=told, **{f"{name}_token": it for name, it in names.items()}
    )


def tiny_classifier(kind: str, *, bcos: bool = True) -> Classifier:
    """Of the family that reads with such a tokenizer; weights so large that every token and its place matter."""
    tokenizer = built_tokenizer(kind)
    model = _model(kind, len(tokenizer))
    return wrap(convert(model, b=1.5) if bcos else model, tokenizer, labels=["bad", "so-so", "good"], name=kind)


def _model(kind: str, size: int) -> PreTrainedModel:
    torch.manual_seed(0)
    shared: dict[str, Any] = {"vocab_size": size, "num_labels": 3, "initializer_range": 0.5}
    sizes: dict[str, Any] = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
    }
    if kind == "wordpiece":
        model: PreTrainedModel = BertForSequenceClassification(
            BertConfig(**sizes, **shared, max_position_embeddings=MAX_LENGTH)
        )
    elif kind == "byte-level":
        model = RobertaForSequenceClassification(
            RobertaConfig(**sizes, **shared, max_position_embeddings=MAX_LENGTH + 2, pad_token_id=1)
        )
    else:
        model = DistilBertForSequenceClassification(
            DistilBertConfig(
                dim=16,
                n_layers=2,
                n_heads=2,
                hidden_dim=24,
                max_position_embeddings=MAX_LENGTH,
                pad_token_id=1,
                **shared,
            )
        )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "position_embeddings" in name:  # no zeros at the padding index: a wrong position shows
                parameter.normal_(0, 0.5)
    return model.eval()
