"""A checkpoint by its folder or name, whichever kind of model it is."""

from __future__ import annotations

from pathlib import Path

import torch

from bcos_core.home import given_path
from bcos_core.model import classifier, language_model
from bcos_core.model.classifier import Classifier
from bcos_core.model.embedded import EMBEDDED_MODELS, embedded_path
from bcos_core.model.language_model import LanguageModel, is_language_model


def load(
    path: str | Path, *, device: str | torch.device | None = None, precision: str | None = None
) -> Classifier | LanguageModel:
    """The classifier or the language model in a checkpoint folder, or "smollm2", the embedded language model.

    Args:
        device: where to put it; the first GPU if there is one, else the CPU.

    Raises:
        CheckpointError, UnsupportedModelError: see `classifier.load` and `language_model.load`.
    """
    folder = embedded_path(str(path)) if str(path) in EMBEDDED_MODELS else given_path(path)
    if is_language_model(folder):
        return language_model.load(path, device=device, precision=precision)
    return classifier.load(folder, device=device, precision=precision)
