"""What the recipes of classifiers and of language models have in common: how options are declared that both have, and
what can be done with the options of either."""

from __future__ import annotations

import dataclasses
from typing import Any, Self

from bcos_core.errors import RecipeError
from bcos_core.option import choice, misfits
from bcos_core.storage.stored_spec import read_spec

PRECISIONS = ("auto", "fp32", "bf16")
MODEL, TRAINING, DATA = "Model", "Training", "Data and loss"


class Choices:
    """Options that are checked when they are made (`bcos_core.option`): the base of a frozen dataclass.

    Raises:
        RecipeError: options that do not fit together; its `field` names the one at fault.
    """

    name: str
    bcos: bool
    b: float
    ramp: float
    normalize_weights: bool
    calibrate: bool
    learning_rate: float
    batch_size: int
    gradient_accumulation: int
    warmup: float
    weight_decay: float
    checkpointing: bool
    consistency: float
    consistency_start: float
    seed: int

    def __post_init__(self) -> None:
        if bad := misfits(self):
            said = (f"{name} is {getattr(self, name)!r}; expected {option.expected}." for name, option in bad.items())
            raise RecipeError(next(iter(bad)), " ".join(said))
        self.check()
        if self.normalize_weights and self.calibrate:
            raise RecipeError(
                "normalize_weights",
                "Calibration fits the length of the weight rows, which normalised weights throw away. "
                "Turn one of the two off.",
            )

    def check(self) -> None:
        """What else does not fit together."""

    def is_consistent(self, step: int, steps: int) -> bool:
        """Whether a step of so many asks for deletion consistency."""
        return self.consistency > 0 and step >= self.consistency_start * steps

    def consistent_share(self, share: float) -> float:
        """What of the first `share` of the steps asks for deletion consistency, in shares of all."""
        return max(0.0, share - self.consistency_start) if self.consistency else 0.0

    def replace(self, **changes: Any) -> Self:
        """A copy with some options changed; None leaves an option as it is.

        Raises:
            RecipeError: an unknown option, or options that do not fit together.
        """
        known = {field.name for field in dataclasses.fields(self)}  # type: ignore[arg-type]
        for name in changes:
            if name not in known:
                raise RecipeError(name, f"Unknown recipe option {name!r}. Known: {', '.join(sorted(known))}.")
        given = {name: value for name, value in changes.items() if value is not None}
        return dataclasses.replace(self, **given)  # type: ignore[type-var]

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The recipe that `to_dict` wrote.

        Raises:
            InputError: an option is missing or unknown: it was written by another version of the program.
        """
        return read_spec(data, cls, "This recipe")


# A field of a dataclass is that class's own, so that each recipe has one made.


def ramp_option() -> Any:
    return choice(
        0.0,
        "Ramp of B",
        "Share of the steps over which B rises from 1 to its value; 0 starts there.",
        least=0.0,
        most=1.0,
        step=0.1,
        group=MODEL,
    )


def b_option(default: float, usual: str) -> Any:
    return choice(
        default,
        "B",
        f"The exponent of the B-cos transform: 1 is a plain linear layer, {usual}.",
        least=1.0,
        most=4.0,
        step=0.05,
        group=MODEL,
    )


def normalize_option() -> Any:
    return choice(False, "Normalised weights", "Each weight row has length 1 in every forward pass.", group=MODEL)


def calibration_texts_option(default: int) -> Any:
    return choice(
        default,
        "Calibration texts",
        "Training texts that the layers are refitted on.",
        least=16,
        most=100_000,
        step=64,
        group=MODEL,
    )


def learning_rate_option(default: float) -> Any:
    return choice(
        default,
        "Learning rate",
        "The highest learning rate, after the warm-up.",
        above=0.0,
        most=0.1,
        step=0.00001,
        group=TRAINING,
    )


def accumulation_option() -> Any:
    return choice(
        1,
        "Accumulated steps",
        "Steps whose gradients are added before an update.",
        least=1,
        most=1024,
        group=TRAINING,
    )


def warmup_option(default: float) -> Any:
    return choice(
        default,
        "Warm-up",
        "Share of the steps over which the learning rate rises.",
        least=0.0,
        below=1.0,
        step=0.05,
        group=TRAINING,
    )


def weight_decay_option() -> Any:
    return choice(0.01, "Weight decay", "Weight decay of AdamW.", least=0.0, most=1.0, step=0.01, group=TRAINING)


def precision_option() -> Any:
    return choice(
        "auto",
        "Precision",
        "Auto measures which of the two is faster on this machine.",
        choices=PRECISIONS,
        group=TRAINING,
    )


def checkpointing_option() -> Any:
    return choice(
        False,
        "Gradient checkpointing",
        "Keeps less in memory and computes the blocks twice: a third slower.",
        group=TRAINING,
    )


def examples_option() -> Any:
    return choice(
        None,
        "Training texts",
        "Training texts to use; all of them where no number is given, or a larger one than there are.",
        least=16,
        kind=int,
        none="all",
        step=100,
        group=DATA,
    )


def consistency_option(default: float = 0.0) -> Any:
    return choice(
        default,
        "Deletion consistency",
        "Weight of the deletion-consistency loss, 0 for none.",
        least=0.0,
        most=10.0,
        step=0.5,
        group=DATA,
    )


def consistency_start_option() -> Any:
    return choice(
        0.5,
        "Its start",
        "Share of the steps after which deletion consistency begins.",
        least=0.0,
        below=1.0,
        step=0.1,
        group=DATA,
    )


def seed_option() -> Any:
    return choice(42, "Seed", "Seed of every random choice.", least=0, most=2**32 - 1, group=DATA)
