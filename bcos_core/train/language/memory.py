"""What training a language model takes of the memory, known before anything of it is loaded."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from bcos_core.errors import UnsupportedModelError
from bcos_core.model.size import ModelSize
from bcos_core.numbers import file_size
from bcos_core.train.language.losses import ROWS
from bcos_core.train.language.recipe import DISTILLATION, LanguageRecipe

FLOAT = 4
ADAM = 3 * FLOAT
"""Of a trained parameter: its gradient and AdamW's two means."""
LOGIT_COPIES = {DISTILLATION: 6, "cross-entropy": 4}
"""Arrays of logits at once: the model's, in the head's precision and in float32, their logarithms and their gradients;
in distillation the original's too."""
BLOCK_WIDTHS = (16, 6)
"""What a block keeps of a token for its backward pass, in hidden and inner widths: normed and projected states, and
what the activation, the gate and their product are made of."""


@dataclass(frozen=True)
class Memory:
    """Bytes at the peak of a training, by what they are for."""

    weights: float
    training: float
    activations: float
    logits: float

    @property
    def total(self) -> float:
        return self.weights + self.training + self.activations + self.logits

    @property
    def words(self) -> str:
        """All of them, for a person."""
        return (
            f"{file_size(round(self.total))}: weights {file_size(round(self.weights))}, their gradients and AdamW's "
            f"means {file_size(round(self.training))}, activations {file_size(round(self.activations))}, logits "
            f"{file_size(round(self.logits))}"
        )


def training_memory(parameters: int, embedded: int, size: ModelSize, recipe: LanguageRecipe) -> Memory:
    """About how much is held at once.

    Args:
        parameters: of the model, each counted once; `embedded` of them are the word embeddings.
        size: its blocks.
    """
    vocabulary = embedded / max(1, size.hidden)
    trained = (parameters - (embedded if recipe.embeddings == "kept" else 0)) if recipe.epochs else 0
    copies = 2 if recipe.bcos and (recipe.calibrate or recipe.loss == DISTILLATION) else 1
    tokens = recipe.batch_size * recipe.max_length
    hidden, inner = BLOCK_WIDTHS
    block = FLOAT * tokens * (hidden * size.hidden + inner * size.inner)
    kept = block + FLOAT * tokens * size.hidden * size.layers if recipe.checkpointing else block * size.layers
    kept *= 1 + bool(recipe.consistency)  # the struck prompts are at most as many tokens again
    rows = min(tokens, ROWS) if recipe.checkpointing else tokens
    return Memory(
        weights=FLOAT * copies * parameters,
        training=ADAM * trained,
        activations=kept if recipe.epochs else 0,
        logits=FLOAT * LOGIT_COPIES[recipe.loss] * rows * vocabulary,
    )


def lack_of_memory(needed: Memory, name: str) -> str:
    """How much a training of the model of that `name` needs and how much there is, where the memory that is free cannot
    hold it; "" where it can."""
    free = psutil.virtual_memory().available
    if needed.total <= free:
        return ""
    return (
        f"Training {name} takes about {needed.words}. {file_size(free)} are free. Turn gradient checkpointing on, "
        "make the batch or the sequences smaller, keep the embeddings, or choose a smaller model."
    )


def require_training_memory(needed: Memory, name: str) -> None:
    """Refuse, before weights are read, a training that the memory that is free cannot hold.

    Raises:
        UnsupportedModelError: says how much it needs, and how much there is.
    """
    if lack := lack_of_memory(needed, name):
        raise UnsupportedModelError(lack)
