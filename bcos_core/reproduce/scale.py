"""How much of a grid is run: in minutes, on what is embedded, or all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bcos_core.hub import unavailable_reason
from bcos_core.jobs.devices import CPU, present_device
from bcos_core.registry import Registry


@dataclass(frozen=True)
class Scale:
    """A size. `whole`: with what only the hub has. What is not `None` cuts a grid down: seeds, training texts, passes
    over them, tokens of a text, test texts, pairs, texts with limits, and repetitions of what is timed. So few training
    texts want a learning rate of their own. `options` are those of methods that repeat, by method."""

    name: str
    title: str
    description: str
    whole: bool = False
    seeds: tuple[int, ...] = (42, 43, 44)
    examples: int | None = None
    epochs: float | None = None
    longest: int = 512
    texts: int = 500
    pairs: int = 200
    bounded_texts: int = 100
    bounded_length: int = 25
    repeats: int = 15
    calibration_texts: int | None = None
    learning_rate: float | None = None
    options: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


SCALES: Registry[Scale] = Registry("scale")
for _scale in (
    Scale(
        "quick",
        "Quick",
        "Everything once and briefly: one seed, few texts, short trainings. Figures say that it runs, and roughly what "
        "comes out.",
        seeds=(42,),
        examples=128,
        epochs=2.0,
        longest=32,
        texts=2,
        pairs=2,
        bounded_texts=2,
        bounded_length=12,
        repeats=7,
        calibration_texts=64,
        learning_rate=3e-4,
        options={
            "shapley": {"samples": 2},
            "kernel_shap": {"samples": 20},
            "lime": {"samples": 20},
            "gradient_shap": {"samples": 5},
        },
    ),
    Scale(
        "small",
        "Small",
        "What is embedded, three seeds, on a part of the training texts: a night on two cores.",
        examples=2000,
        epochs=2.0,
        longest=64,
        texts=40,
        pairs=30,
        bounded_texts=20,
        calibration_texts=256,
        options={"shapley": {"samples": 5}},
    ),
    Scale(
        "whole",
        "Whole",
        "All models and data sets, all training texts, three seeds. Needs the Hugging Face hub, and a GPU.",
        whole=True,
    ),
):
    SCALES.register(_scale.name, _scale)


def usual_scale() -> Scale:
    """Whole where there are a GPU and the hub, else small."""
    whole = present_device() != CPU and unavailable_reason() is None
    return SCALES["whole" if whole else "small"]
