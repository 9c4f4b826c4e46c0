"""A small real task: a random two-block BERT, and a file whose label is decided by one word."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from bcos_core.model.sources import embedded_path
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import Recipe
from bcos_core.train.spec import TrainSpec

SUBJECTS = ("film", "plot", "cast", "score", "script", "camera", "ending", "scene", "hero", "joke")
GOOD, BAD = ("good", "great", "fine", "lovely", "warm"), ("bad", "dull", "poor", "awful", "cold")


def write_inputs(folder: Path, seed: int = 0, **config: Any) -> tuple[Path, Path]:
    """The model's folder and the file; `config` is what its network has otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    BertForSequenceClassification(BertConfig(**{**sizes, **config})).save_pretrained(folder / "bert")
    AutoTokenizer.from_pretrained(embedded_path()).save_pretrained(folder / "bert")
    with (folder / "reviews.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["review", "verdict"])
        for i, subject in enumerate(SUBJECTS):
            for j, other in enumerate(SUBJECTS):
                word = (GOOD if (i + j) % 2 else BAD)[(i * 3 + j) % 5]
                writer.writerow([f"the {subject} and the {other} are {word}", "yes" if (i + j) % 2 else "no"])
    return folder / "bert", folder / "reviews.csv"


def spec_of(inputs: tuple[Path, Path], **changes: object) -> TrainSpec:
    model, file = inputs
    recipe = Recipe(calibration_texts=16, epochs=2.0, batch_size=8, max_length=16, learning_rate=1e-3, precision="fp32")
    return TrainSpec(str(model), TaskChoice("file", str(file), "review", "verdict"), recipe.replace(**changes))
