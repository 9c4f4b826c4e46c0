"""A small real task of language: a tiny random Llama, and a file of sentences that a template makes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from bcos_core.text.running import TextSource
from bcos_core.train.language.recipe import LanguageRecipe
from bcos_core.train.language.spec import LanguageSpec
from tests.tiny_language_model import network, tokenizer

NAMES = ("Mary", "John", "He", "They", "The keys")
PLACES = ("the store", "the table", "the old cabinet", "a drink", "John")


def sentences() -> list[str]:
    return [
        f"{name} went to {place}, and {other} gave {place} to {last}."
        for name in NAMES
        for place in PLACES
        for other in ("Mary", "John")
        for last in ("them", "her")
    ]


def write_language_inputs(folder: Path, **changes: Any) -> tuple[Path, Path]:
    """The model's folder and the file."""
    folder.mkdir(parents=True, exist_ok=True)
    network(**changes).save_pretrained(folder / "llama")
    tokenizer().save_pretrained(folder / "llama")
    with (folder / "lines.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["line", "number"])
        writer.writerows([text, number] for number, text in enumerate(sentences()))
    return folder / "llama", folder / "lines.csv"


def language_spec(inputs: tuple[Path, Path], **changes: Any) -> LanguageSpec:
    model, file = inputs
    recipe = LanguageRecipe(
        calibration_texts=16, epochs=2.0, batch_size=8, max_length=32, learning_rate=3e-3, precision="fp32"
    )
    return LanguageSpec(str(model), TextSource("file", str(file), "line"), recipe.replace(**changes))
