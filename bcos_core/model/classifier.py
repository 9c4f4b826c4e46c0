"""A classifier ready for use: the model, its tokenizer, its labels, and what identifies it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from bcos_core.arguments import list_of_texts, whole_number
from bcos_core.errors import NotFiniteError
from bcos_core.model.anatomy import device_of, family_of
from bcos_core.model.checkpoint import state_hash
from bcos_core.model.convert import is_bcos
from bcos_core.model.identity import folder_identity, memory_identity
from bcos_core.model.info import read_info
from bcos_core.model.loading import load_finished
from bcos_core.model.tokenizer import load_tokenizer
from bcos_core.model.view import ModelView
from bcos_core.tasks.prediction import Prediction
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.tasks.task_type import TaskType
from bcos_core.text.encoding import batches_by_length, collate, encode
from bcos_core.text.pair import require_texts


@dataclass(frozen=True)
class Classifier:
    """A model that answers to texts: with a label, several, or a score (`task_type`). Safe to use from several threads:
    nothing here changes the model.

    `max_length` is the most tokens the model can read, `weights_hash` identifies the weights, `identity` all that its
    answers depend on (see `bcos_core.model.identity`), `b` is the exponent of a B-cos model. `notes` say what a person
    should know of how it was loaded, in whole sentences. `pairs` says whether the model reads two texts at once
    (`bcos_core.text.pair`); None where nobody knows, so that both are read.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    labels: tuple[str, ...]
    max_length: int
    name: str
    weights_hash: str
    identity: str
    path: Path | None = None
    notes: tuple[str, ...] = ()
    task_type: TaskType = TASK_TYPES[USUAL]
    pairs: bool | None = None

    @property
    def is_bcos(self) -> bool:
        return is_bcos(self.model)

    @property
    def family(self) -> str:
        """The title of the model's family."""
        return family_of(self.model).title

    @property
    def b(self) -> float | None:
        return self.model.config.bcos["b"] if self.is_bcos else None

    @property
    def device(self) -> torch.device:
        return device_of(self.model)


def require_finite_logits(name: str, text: str, logits: Sequence[float]) -> None:
    """Of logits that are not numbers a class would still be the largest.

    Raises:
        NotFiniteError: one of the logits is not finite.
    """
    if not all(map(math.isfinite, logits)):
        shown = text if len(text) <= 60 else f"{text[:59]}…"
        raise NotFiniteError(
            f"The logits of {name} for the text {shown!r} are {', '.join(f'{value:g}' for value in logits)}; expected "
            "finite numbers. Its weights are damaged, or training them diverged: train it again."
        )


def load(path: str | Path, *, device: str | torch.device | None = None) -> Classifier:
    """The classifier in a checkpoint folder: one of this project's, or any Hugging Face one of a known family.

    Args:
        device: where to put it; the first GPU if there is one, else the CPU.

    Raises:
        CheckpointError: not a model folder, damaged, not whole, a tokenizer that is missing or not the model's, or
            written by a newer format version.
        UnsupportedModelError: a family that is not supported, or no classifier of texts.
    """
    path = Path(path).expanduser()
    info = read_info(path)
    identity = folder_identity(path)
    loaded = load_finished(path)
    model, found = loaded.model, load_tokenizer(path, loaded.model.config)
    model.to(torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu")))  # type: ignore[arg-type]
    return Classifier(
        model,
        found.tokenizer,
        info.labels,
        position_limit(model),
        info.name,
        loaded.weights_hash,
        identity,
        path,
        (*loaded.notes, *found.notes),
        TASK_TYPES[info.task_type],
        info.pairs,
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
    identity = memory_identity(weights, model, tokenizer)
    limit = position_limit(model)
    return Classifier(model, tokenizer, tuple(labels), limit, name, weights, identity, task_type=task_type, pairs=pairs)


def position_limit(model: PreTrainedModel) -> int:
    """The most tokens that the model has positions for."""
    config = model.config
    return family_of(model).position_limit(int(config.max_position_embeddings), config.pad_token_id)


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
