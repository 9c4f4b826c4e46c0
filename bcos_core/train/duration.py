"""How long a training job will take here: its floating-point operations over the rate measured on this machine."""

from __future__ import annotations

import time
from functools import cache

import torch
from transformers import AutoConfig

from bcos_core.model.sources import resolve_model
from bcos_core.train.spec import TrainSpec
from bcos_core.train.trainer import EVALUATIONS

# Relative to a conventional training step (one forward, two forwards' worth of backward = 3 units):
BCOS_STEP = 1 / 0.9  # norms and powers of the B-cos product
CONSISTENCY_STEP = (3 + 1.9 + 3) / 3  # plus a heatmap, plus a forward and backward on the masked texts
# Matrix products reach about this share of the measured rate inside a real step; the rest is everything else.
EFFICIENCY = 0.55
START_SECONDS = 8.0
MEASURING_SECONDS = 0.4
VALIDATION_SHARE, TEST_SHARE = 0.06, 0.12


def estimate_seconds(spec: TrainSpec, train_size: int, mean_tokens: float) -> float:
    """Seconds from the start of the job to its last score, good to a factor of about two.

    Args:
        train_size: training examples of the task, before the recipe's `examples` takes its share.
        mean_tokens: mean tokens of a text, before it is cut.

    Raises:
        InputError: the model cannot be found.
    """
    recipe = spec.recipe
    config = AutoConfig.from_pretrained(resolve_model(spec.model).location)
    hidden = config.hidden_size
    inner = getattr(config, "intermediate_size", None) or getattr(config, "hidden_dim", 4 * hidden)
    block_weights = config.num_hidden_layers * (4 * hidden * hidden + 2 * hidden * inner)
    tokens = min(mean_tokens, recipe.max_length)
    forward = 2.0 * block_weights * tokens  # operations of one text's forward pass
    used = min(train_size, recipe.examples or train_size)
    whole = train_size / (1 - VALIDATION_SHARE - TEST_SHARE)
    scoring = forward * whole * (VALIDATION_SHARE * EVALUATIONS + TEST_SHARE)

    conventional = 3 * forward * used * recipe.epochs
    total = 0.0
    if recipe.bcos:
        late = (1 - recipe.consistency_start) if recipe.consistency else 0.0
        total += conventional * BCOS_STEP * (1 - late + late * CONSISTENCY_STEP) + scoring
        if recipe.calibrate:
            gram = 2.0 * tokens * config.num_hidden_layers * (inner * inner + 3 * hidden * hidden + 8 * hidden * hidden)
            total += recipe.calibration_texts * (2 * forward + gram)  # every linear once in either model
    if recipe.twin or not recipe.bcos:
        total += conventional + scoring
    return START_SECONDS + total / (EFFICIENCY * _operations_per_second())


@cache
def _operations_per_second() -> float:
    """Rate of float32 matrix products of a transformer's size, on the device that would train."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    a, b = torch.randn(512, 768, device=device), torch.randn(768, 1536, device=device)
    best, enough = float("inf"), time.perf_counter() + MEASURING_SECONDS
    while time.perf_counter() < enough:  # the best of many: other work on the machine comes and goes
        started = time.perf_counter()
        (a @ b).sum().item()
        best = min(best, time.perf_counter() - started)
    return 2.0 * 512 * 768 * 1536 / best
