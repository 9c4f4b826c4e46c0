"""How a language model is converted and trained: every choice, checked when made."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from bcos_core.errors import RecipeError
from bcos_core.option import choice
from bcos_core.registry import Registry
from bcos_core.tasks.task_type import CROSS_ENTROPY
from bcos_core.train.choices import (
    DATA,
    MODEL,
    TRAINING,
    Choices,
    accumulation_option,
    b_option,
    calibration_texts_option,
    checkpointing_option,
    consistency_option,
    consistency_start_option,
    examples_option,
    learning_rate_option,
    normalize_option,
    precision_option,
    ramp_option,
    seed_option,
    warmup_option,
    weight_decay_option,
)

DISTILLATION = "distillation"
LOSSES = (DISTILLATION, CROSS_ENTROPY)
RIDGE_WITH_BIASES, RIDGE_WITHOUT = 3e-2, 1e3
"""Dropped biases must be made up for by the directions of the rows. Where there are none, these are right as they are,
and a regression on a few hundred texts makes them worse (measured with SmolLM2 on short reviews, at B = 1.1)."""


@dataclass(frozen=True)
class LanguageRecipe(Choices):
    """How a language model is converted and trained. Every field but the name is an option (`bcos_core.option`).

    `b`, `ramp`, `normalize_weights`, `calibrate`, `calibration_texts` and `ridge` are as in `Recipe`; the paper has
    B = 1.1 for decoders (arXiv 2502.12992). A model without biases loses none: of its layers the lengths of the rows
    are fitted alone, unless a `ridge` is named. The head stays a plain linear layer, and calibration leaves it as it
    is; where it is the word embeddings it stays that. Distillation needs no more than texts: of each predicted token
    the loss is KL(p of the original ‖ p), plus `hidden_weight` times the mean squared distance of the two models' last
    hidden states, each by its root mean square. Cross-entropy is that of the texts' own next tokens. With `packing`,
    texts fill blocks of `max_length` tokens (`bcos_core.text.sequences`), else each is a sequence of its own. `epochs`
    0 converts alone. `consistency` is the weight of the deletion-consistency loss (`bcos_core.train.language.struck`),
    0 for none, which begins after `consistency_start` of the steps. `embeddings` says whether the word embeddings, and
    the head where it is the same parameter, are trained; `checkpointing` keeps the blocks' inputs alone and computes
    the rest again in the backward pass. `twin` is the original, trained on by cross-entropy on the same sequences, as
    many steps.

    Raises:
        RecipeError: options that do not fit together; its `field` names the one at fault.
    """

    name: str = "calibrated"
    bcos: bool = choice(True, "Convert to B-cos", "Without, the original is trained on.", group=MODEL)
    b: float = b_option(1.1, "1.1 what the paper has for language models")
    ramp: float = ramp_option()
    normalize_weights: bool = normalize_option()
    calibrate: bool = choice(True, "Calibrate", "Refit the converted layers to the original first.", group=MODEL)
    calibration_texts: int = calibration_texts_option(128)
    ridge: float | None = choice(
        None,
        "Ridge",
        "Ridge term of calibration, relative to the Gram matrix's mean diagonal; a large one keeps the direction of "
        "each row and fits its length alone. Where none is given: 1000 for a model without biases, else 0.03.",
        above=0.0,
        most=1_000_000.0,
        step=0.001,
        kind=float,
        none="by its biases",
        group=MODEL,
    )
    twin: bool = choice(
        False, "Continue the original", "Also train the original on, on the same texts, as many steps.", group=MODEL
    )
    learning_rate: float = learning_rate_option(2e-5)
    epochs: float = choice(
        1.0,
        "Epochs",
        "Passes over the training texts; 0 converts the model and trains nothing.",
        least=0.0,
        most=100.0,
        step=0.5,
        group=TRAINING,
    )
    batch_size: int = choice(16, "Batch", "Sequences per step.", least=1, most=1024, step=8, group=TRAINING)
    gradient_accumulation: int = accumulation_option()
    warmup: float = warmup_option(0.05)
    weight_decay: float = weight_decay_option()
    precision: str = precision_option()
    checkpointing: bool = checkpointing_option()
    embeddings: str = choice(
        "kept",
        "Word embeddings",
        "Kept as they are, or trained; the head too, where it is the same parameter.",
        choices=("kept", "trained"),
        group=TRAINING,
    )
    packing: bool = choice(
        False, "Pack the texts", "Texts one behind the other fill blocks; else each is read alone.", group=DATA
    )
    max_length: int = choice(
        64,
        "Maximum length",
        "Tokens of a block, or at which a text is cut in two.",
        least=8,
        most=131_072,
        step=16,
        group=DATA,
    )
    examples: int | None = examples_option()
    test_texts: int = choice(
        1000,
        "Test texts",
        "Test texts, at most, that perplexity is measured on.",
        least=1,
        most=1_000_000,
        step=100,
        group=DATA,
    )
    seed: int = seed_option()
    loss: str = choice(
        DISTILLATION,
        "Loss",
        "Distillation learns the original's probabilities of each next token; cross-entropy the texts' own tokens.",
        choices=LOSSES,
        group=DATA,
    )
    hidden_weight: float = choice(
        0.0,
        "Hidden states",
        "Weight of the distance to the original's last hidden states, in distillation; 0 for none.",
        least=0.0,
        most=100.0,
        step=0.1,
        group=DATA,
    )
    consistency: float = consistency_option()
    consistency_start: float = consistency_start_option()

    def check(self) -> None:
        if not self.bcos and self.loss == DISTILLATION:
            raise RecipeError(
                "loss",
                "A model that is not converted is the original: there is nothing to distil into it. Choose "
                f"{CROSS_ENTROPY}.",
            )
        if not self.bcos and not self.epochs:
            raise RecipeError("epochs", "Neither converted nor trained, the model stays as it is. Choose one of both.")
        if not self.bcos and self.consistency:
            raise RecipeError(
                "consistency",
                "Deletion consistency needs a B-cos model: what a conventional one says of its words is not trained. "
                "Set it to 0.",
            )
        if self.twin and not self.epochs:
            raise RecipeError("twin", "Without epochs nothing is trained, the original neither. Turn it off.")
        if self.hidden_weight and self.loss != DISTILLATION:
            raise RecipeError("hidden_weight", f"Hidden states are learned in {DISTILLATION} alone. Set it to 0.")

    def ridge_of(self, *, biases: bool) -> float:
        """The ridge term for a model with or without biases."""
        return self.ridge if self.ridge is not None else RIDGE_WITH_BIASES if biases else RIDGE_WITHOUT

    @property
    def first_b(self) -> float:
        """The exponent at the first step."""
        return 1.0 if self.ramp and self.epochs else self.b

    def continued(self) -> LanguageRecipe:
        """The same data and budget for the original."""
        return dataclasses.replace(
            self,
            bcos=False,
            calibrate=False,
            normalize_weights=False,
            loss=CROSS_ENTROPY,
            hidden_weight=0.0,
            consistency=0.0,
            twin=False,
        )


LANGUAGE_RECIPES: Registry[LanguageRecipe] = Registry("recipe of language models")
LANGUAGE_RECIPES.register("calibrated", LanguageRecipe())
LANGUAGE_RECIPES.register(
    "paper",  # arXiv 2502.12992: B = 1.1, normalised rows, cross-entropy, lr 5e-4, 1 % warm-up, blocks of 512
    LanguageRecipe(
        name="paper",
        calibrate=False,
        normalize_weights=True,
        learning_rate=5e-4,
        warmup=0.01,
        weight_decay=0.0,
        loss=CROSS_ENTROPY,
        packing=True,
        max_length=512,
        embeddings="trained",
    ),
)
LANGUAGE_RECIPES.register(
    "conventional", LanguageRecipe(name="conventional", bcos=False, calibrate=False, loss=CROSS_ENTROPY)
)
