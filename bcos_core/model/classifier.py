"""A classifier ready for use: the model, its tokenizer, its labels, and what identifies it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from bcos_core.arguments import list_of_texts, whole_number
from bcos_core.device import PRECISIONS, place
from bcos_core.home import given_path
from bcos_core.model.checkpoint import state_hash
from bcos_core.model.identity import folder_identity, memory_identity
from bcos_core.model.info import read_info
from bcos_core.model.learned import unlearned
from bcos_core.model.loading import load_finished
from bcos_core.model.text_model import TextModel, position_limit, require_finite_logits
from bcos_core.model.tokenizer import load_tokenizer
from bcos_core.model.view import ModelView
from bcos_core.tasks.prediction import Prediction
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.tasks.task_type import TaskType
from bcos_core.text.encoding import batches_by_length, collate, encode
from bcos_core.text.pair import require_texts


@dataclass(frozen=True, kw_only=True)
class Classifier(TextModel):
    """A model that answers to texts: with a label, several, or a score (`task_type`).

    `labels` are the names of its outputs. `pairs` says whether the model reads two texts at once
    (`bcos_core.text.pair`); None where nobody knows, so that both are read.
    """

    labels: tuple[str, ...]
    task_type: TaskType = TASK_TYPES[USUAL]
    pairs: bool | None = None


def load(path: str | Path, *, device: str | torch.device | None = None, precision: str | None = None) -> Classifier:
    """The classifier in a checkpoint folder: one of this project's, or any Hugging Face one of a known family.

    Args:
        device: where to put it; None for what `BCOS_DEVICE` says: the first GPU if there is one, else the CPU.
        precision: "fp32" or "bf16", of its weights, however they are stored; None for what `BCOS_PRECISION` says:
            "fp32".

    Raises:
        CheckpointError: not a model folder, damaged, not whole, a tokenizer that is missing or not the model's, or
            written by a newer format version.
        UnsupportedModelError: a family that is not supported, or no classifier of texts.
    """
    path = given_path(path)
    info = read_info(path)
    identity = folder_identity(path)
    loaded = load_finished(path)
    model, found = loaded.model, load_tokenizer(path, loaded.model.config)
    numbers = place(model, device, precision)
    return Classifier(
        model=model,
        tokenizer=found.tokenizer,
        labels=info.labels,
        max_length=position_limit(model),
        name=info.name,
        weights_hash=loaded.weights_hash,
        identity=identity if numbers == PRECISIONS[0] else f"{identity}-{numbers}",  # its answers are others
        path=path,
        notes=(*loaded.notes, *found.notes, *filter(None, [unlearned(info)])),
        task_type=TASK_TYPES[info.task_type],
        pairs=info.pairs,
    )


def wrap(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    *,
    labels: Sequence[str],
    name: str,
    task_type: TaskType = TASK_TYPES[USUAL],
    pairs: bool | None = None,
) -> Classifier:
    """A classifier around a model in memory."""
    weights = state_hash(model)
    return Classifier(
        model=model,
        tokenizer=tokenizer,
        labels=tuple(labels),
        max_length=position_limit(model),
        name=name,
        weights_hash=weights,
        identity=memory_identity(weights, model, tokenizer),
        task_type=task_type,
        pairs=pairs,
    )


def predict(
    classifier: Classifier, texts: Iterable[str], *, batch_size: int = 32, max_length: int | None = None
) -> list[Prediction]:
    """Predictions in the order of the texts, each cut at `max_length` tokens (the model's limit if not given).

    Raises:
        TextError: an empty text, no list of texts, or one text where the model reads pairs (or the other way round).
        InputError: a limit or a batch size that is no such number.
        NotFiniteError: the model's logits for a text are not finite numbers.
    """
    limit = classifier.max_length if max_length is None else whole_number("max_length", max_length, least=1)
    texts = list_of_texts(texts)
    require_texts(classifier.name, classifier.pairs, texts)
    encoded = encode(classifier.tokenizer, texts, min(limit, classifier.max_length))
    view = ModelView(classifier.model)
    predictions: dict[int, Prediction] = {}
    for chosen in batches_by_length([len(text) for text in encoded], batch_size):
        batch = collate(classifier.tokenizer, [encoded[i] for i in chosen], classifier.device)
        logits = view.predict(batch.input_ids, batch.attention_mask, token_type_ids=batch.token_type_ids).float()
        for i, row in zip(chosen, logits.tolist(), strict=True):
            require_finite_logits(classifier.name, encoded[i].text, row)
            predictions[i] = classifier.task_type.prediction(row, classifier.labels)
    return [predictions[i] for i in range(len(encoded))]
