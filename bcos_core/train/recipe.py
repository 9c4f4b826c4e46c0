"""Training recipes: every choice that a conversion + fine-tuning run depends on, checked when made."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from bcos_core.errors import RecipeError
from bcos_core.registry import Registry
from bcos_core.storage.stored_spec import read_spec
from bcos_core.text.tasks import EMBEDDED_TASKS, TaskChoice

PRECISIONS = ("auto", "fp32", "bf16")


@dataclass(frozen=True)
class Recipe:
    """How a model is converted and fine-tuned.

    `b` is the exponent of the B-cos transform (arXiv 2502.12992 §3). With a `ramp` it rises linearly from 1 to
    `b` over that share of the steps; without, calibration fits the layers for `b` itself and training starts
    there. `ridge` is the ridge term of calibration, relative to the mean of the Gram matrix's diagonal.
    `consistency` is the weight of the deletion-consistency loss, 0 for none, which begins after
    `consistency_start` of the steps; `consistency_ranked` is the share of the texts in it that lose what their own
    heatmap ranks first, or all else, instead of a random subset. `masking` is the share of the texts of a batch, drawn
    anew in every epoch, in which a random subset of the tokens is replaced by the mask token, 0 for none: masked texts
    are then familiar to the model. `precision` "auto" measures bf16 against fp32 at the start of the job and takes the
    faster one. `twin` trains the conventional model on the same data and with the same budget beside it.

    Raises:
        RecipeError: options that do not fit together; its `field` names the one at fault.
    """

    name: str = "calibrated"
    bcos: bool = True
    b: float = 1.5
    ramp: float = 0.0
    normalize_weights: bool = False
    calibrate: bool = True
    calibration_texts: int = 512
    ridge: float = 3e-2
    consistency: float = 0.0
    consistency_start: float = 0.5
    consistency_ranked: float = 0.0
    masking: float = 0.0
    learning_rate: float = 1e-4
    epochs: float = 3.0
    batch_size: int = 16
    gradient_accumulation: int = 1
    max_length: int = 64
    warmup: float = 0.1
    weight_decay: float = 0.01
    seed: int = 42
    examples: int | None = None
    twin: bool = True
    precision: str = "auto"

    def __post_init__(self) -> None:
        def require(field: str, holds: bool, expected: str) -> None:
            if not holds:
                raise RecipeError(field, f"{field} is {getattr(self, field)!r}; expected {expected}.")

        require("b", 1.0 <= self.b <= 4.0, "a number from 1 to 4 (1 is a plain linear layer, 1.5 the usual choice)")
        require("ramp", 0.0 <= self.ramp <= 1.0, "a share of the steps, from 0 to 1")
        require("calibration_texts", 16 <= self.calibration_texts <= 100_000, "16 to 100,000 texts")
        require("ridge", 0.0 < self.ridge <= 1.0, "a number above 0 and up to 1")
        require("consistency", 0.0 <= self.consistency <= 10.0, "a weight from 0 to 10")
        require("consistency_start", 0.0 <= self.consistency_start < 1.0, "a share of the steps, from 0 to below 1")
        require("consistency_ranked", 0.0 <= self.consistency_ranked <= 1.0, "a share of the texts, from 0 to 1")
        require("masking", 0.0 <= self.masking <= 1.0, "a share of the texts, from 0 to 1")
        require("learning_rate", 0.0 < self.learning_rate <= 0.1, "a number above 0 and up to 0.1")
        require("epochs", 0.0 < self.epochs <= 100.0, "a number above 0 and up to 100")
        require("batch_size", 1 <= self.batch_size <= 1024, "1 to 1024")
        require("gradient_accumulation", 1 <= self.gradient_accumulation <= 1024, "1 to 1024")
        require("max_length", 8 <= self.max_length <= 8192, "8 to 8192 tokens")
        require("warmup", 0.0 <= self.warmup < 1.0, "a share of the steps, from 0 to below 1")
        require("weight_decay", 0.0 <= self.weight_decay <= 1.0, "a number from 0 to 1")
        require("seed", 0 <= self.seed < 2**32, "a whole number from 0 to 4,294,967,295")
        require("examples", self.examples is None or self.examples >= 16, "at least 16 examples, or none for all")
        require("precision", self.precision in PRECISIONS, f"one of {', '.join(PRECISIONS)}")
        if not self.bcos and self.consistency:
            raise RecipeError(
                "consistency",
                "Deletion consistency needs a B-cos model: a conventional one has no contributions. Set it to 0.",
            )
        if self.normalize_weights and self.calibrate:
            raise RecipeError(
                "normalize_weights",
                "Calibration fits the length of the weight rows, which normalised weights throw away. "
                "Turn one of the two off.",
            )

    def replace(self, **changes: Any) -> Recipe:
        """A copy with some options changed; None leaves an option as it is.

        Raises:
            RecipeError: an unknown option, or options that do not fit together.
        """
        known = {f.name for f in dataclasses.fields(self)}
        for name in changes:
            if name not in known:
                raise RecipeError(name, f"Unknown recipe option {name!r}. Known: {', '.join(sorted(known))}.")
        return dataclasses.replace(self, **{k: v for k, v in changes.items() if v is not None})

    @property
    def first_b(self) -> float:
        """The exponent at the first step."""
        return 1.0 if self.ramp else self.b

    def conventional_twin(self) -> Recipe:
        """The same data and budget for a model that is not converted."""
        return dataclasses.replace(
            self, bcos=False, calibrate=False, normalize_weights=False, consistency=0.0, twin=False
        )

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Recipe:
        """The recipe that `to_dict` wrote.

        Raises:
            InputError: an option is missing or unknown: it was written by another version of the program.
        """
        return read_spec(data, cls, "This recipe")


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


def recipe_for(name: str, task: TaskChoice) -> Recipe:
    """A named recipe with the maximum length that suits the task.

    Raises:
        UnknownNameError: no such recipe.
    """
    recipe = RECIPES[name]
    return recipe.replace(max_length=EMBEDDED_TASKS[task.name].max_length) if task.kind == "embedded" else recipe
