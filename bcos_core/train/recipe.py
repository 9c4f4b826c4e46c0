"""Training recipes: every choice that a conversion + fine-tuning run depends on, checked when made."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from bcos_core.errors import RecipeError
from bcos_core.option import choice
from bcos_core.registry import Registry
from bcos_core.tasks.task_type import BINARY, CROSS_ENTROPY
from bcos_core.text.tasks import EMBEDDED_TASKS, TaskChoice
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

DROPPED, KEPT = "dropped", "kept"
USUAL_LOSS = "usual"
SPACINGS = ("even", "log")


@dataclass(frozen=True)
class Recipe(Choices):
    """How a model is converted and fine-tuned. Every field but the name is an option (`bcos_core.option`).

    `b` is the exponent of the B-cos transform (arXiv 2502.12992 §3). With a `ramp` it rises linearly from 1 to `b` over
    that share of the steps; without, calibration fits the layers for `b` itself and training starts there. The paper
    drops all `biases` (§3.1): where they are kept, contributions add up to the logit with a share of the biases', which
    belongs to no token and is in every record. `loss` is one of the task's; the usual one of a B-cos model with one
    label for each text is binary cross-entropy (§3.3). `ridge` is the ridge term of calibration, relative to the mean
    of the Gram matrix's diagonal. `consistency` is the weight of the deletion-consistency loss, 0 for none, which
    begins after `consistency_start` of the steps; `consistency_ranked` is the share of the texts in it that lose what
    their own heatmap ranks first, or all else, instead of a random subset. `masking` is the share of the texts of a
    batch, drawn anew in every epoch, in which a random subset of the tokens is replaced by the mask token, 0 for none:
    masked texts are then familiar to the model. `kept_texts` validation texts are explained at `kept_states` states on
    the way (`bcos_core.train.course`), which takes time and changes nothing else. `checkpointing` keeps the blocks'
    inputs alone and computes the rest again in the backward pass. `precision` "auto" measures bf16
    against fp32 at the start of the job and takes the faster one. `twin` trains the conventional model on the same data
    and with the same budget beside it.

    Raises:
        RecipeError: options that do not fit together; its `field` names the one at fault.
    """

    name: str = "calibrated"
    bcos: bool = choice(True, "Convert to B-cos", "Without, a conventional model is trained.", group=MODEL)
    b: float = b_option(1.5, "1.5 the usual choice")
    ramp: float = ramp_option()
    normalize_weights: bool = normalize_option()
    biases: str = choice(
        DROPPED,
        "Biases",
        "Of the converted layers. Dropped, the tokens' contributions alone add up to the logit; kept, the biases have "
        "a share of it that belongs to no token.",
        choices=(DROPPED, KEPT),
        group=MODEL,
    )
    calibrate: bool = choice(
        True, "Calibrate", "Refit the converted layers to the pretrained function first.", group=MODEL
    )
    calibration_texts: int = calibration_texts_option(512)
    ridge: float = choice(
        3e-2,
        "Ridge",
        "Ridge term of calibration, relative to the Gram matrix's mean diagonal.",
        above=0.0,
        most=1.0,
        step=0.001,
        group=MODEL,
    )
    twin: bool = choice(
        True, "Train the twin", "Also a conventional model, on the same data with the same budget.", group=MODEL
    )
    learning_rate: float = learning_rate_option(1e-4)
    epochs: float = choice(
        3.0, "Epochs", "Passes over the training texts.", above=0.0, most=100.0, step=0.5, group=TRAINING
    )
    batch_size: int = choice(16, "Batch", "Texts per step.", least=1, most=1024, step=8, group=TRAINING)
    gradient_accumulation: int = accumulation_option()
    warmup: float = warmup_option(0.1)
    weight_decay: float = weight_decay_option()
    precision: str = precision_option()
    checkpointing: bool = checkpointing_option()
    max_length: int = choice(
        64, "Maximum length", "Tokens at which a text is cut.", least=8, most=8192, step=16, group=DATA
    )
    examples: int | None = examples_option()
    seed: int = seed_option()
    loss: str = choice(
        USUAL_LOSS,
        "Loss",
        "Usual: binary cross-entropy for a B-cos model, cross-entropy for a conventional one, mean squared error for a "
        "score. The twin has its usual one.",
        choices=(USUAL_LOSS, BINARY, CROSS_ENTROPY),
        group=DATA,
    )
    consistency: float = consistency_option()
    consistency_start: float = consistency_start_option()
    consistency_ranked: float = choice(
        0.0,
        "Ranked removal",
        "Share of the texts of deletion consistency that lose what their own heatmap ranks first, or all else, instead "
        "of a random subset.",
        least=0.0,
        most=1.0,
        step=0.1,
        group=DATA,
    )
    kept_texts: int = choice(
        0,
        "Explained texts",
        "Validation texts whose explanations are kept on the way, to see how the model learns; 0 keeps none.",
        least=0,
        most=64,
        step=4,
        group=TRAINING,
    )
    kept_states: int = choice(
        10,
        "Explained states",
        "States of the model at which they are explained, the one before the first step and the last among them. Each "
        "takes some 23 passes of every explained text and one of a few hundred validation texts.",
        least=2,
        most=64,
        group=TRAINING,
    )
    kept_spacing: str = choice(
        "log",
        "Their spacing",
        "Log looks closer at the first steps, where most is learned.",
        choices=SPACINGS,
        group=TRAINING,
    )
    masking: float = choice(
        0.0,
        "Masked texts",
        "Share of the texts in which random tokens are masked, 0 for none.",
        least=0.0,
        most=1.0,
        step=0.1,
        group=DATA,
    )

    def check(self) -> None:
        if not self.bcos and self.consistency:
            raise RecipeError(
                "consistency",
                "Deletion consistency needs a B-cos model: a conventional one has no contributions. Set it to 0.",
            )

    @property
    def first_b(self) -> float:
        """The exponent at the first step."""
        return 1.0 if self.ramp else self.b

    def conventional_twin(self) -> Recipe:
        """The same data and budget for a model that is not converted."""
        return dataclasses.replace(
            self,
            bcos=False,
            calibrate=False,
            normalize_weights=False,
            biases=DROPPED,
            loss=USUAL_LOSS,
            consistency=0.0,
            twin=False,
        )


WITHOUT_EFFECT = ("name", "kept_texts", "kept_states", "kept_spacing", "checkpointing")
"""What changes no weight: two models that differ by these alone are of one recipe."""

RECIPES: Registry[Recipe] = Registry("recipe")
RECIPES.register("calibrated", Recipe())
# Without `consistency_ranked`: it puts the contributions further ahead of integrated gradients, but lowers the scores
# of all methods, Shapley values' too, and brings the contributions no closer to these.
RECIPES.register("faithful", Recipe(name="faithful", consistency=1.0))
RECIPES.register(
    "paper",  # arXiv 2502.12992 §4: biases dropped, normalised rows, B from the first step, lr 2e-5, 5 epochs
    Recipe(
        name="paper",
        calibrate=False,
        normalize_weights=True,
        learning_rate=2e-5,
        epochs=5.0,
        max_length=512,
        weight_decay=0.0,
    ),
)
RECIPES.register("conventional", Recipe(name="conventional", bcos=False, calibrate=False, twin=False))


def usual_recipe(mask_token: bool | None) -> str:
    """The name of the recipe to begin with: `faithful`; where the tokenizer has no mask token, which deletion
    consistency puts in the place of words, or nobody knows, `calibrated`."""
    return "faithful" if mask_token else "calibrated"


def recipe_for(name: str, task: TaskChoice | None) -> Recipe:
    """A named recipe with the maximum length, and the learning rate, that suit the task, where there is one.

    Raises:
        UnknownNameError: no such recipe.
    """
    recipe = RECIPES[name]
    if task is None or task.kind != "embedded":
        return recipe
    suited = EMBEDDED_TASKS[task.name]
    rate = suited.learning_rate or recipe.learning_rate
    return recipe.replace(max_length=suited.max_length, learning_rate=rate)
