"""What training classifiers and language models have in common: the order of the examples, and the length of steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from transformers import Trainer

from bcos_core.train.encoded import EpochOrder
from bcos_core.train.optimizer import stretch_steps


class OrderedTrainer(Trainer):
    """A `Trainer` whose data set has the `lengths` of its examples, which come in an order that `seed` draws, alike in
    all processes; `stretch` are layers by path whose steps are that many times as long (`CalibrationResult`)."""

    def __init__(self, *, seed: int, stretch: Mapping[str, float], **arguments: Any) -> None:
        super().__init__(**arguments)
        self.seed, self.stretch = seed, stretch
        # compute_loss gives a per-batch mean, which Trainer divides by the accumulation steps.
        self.model_accepts_loss_kwargs = False

    def _get_train_sampler(self, train_dataset: Any = None) -> EpochOrder:
        dataset: Any = self.train_dataset if train_dataset is None else train_dataset
        size = self.args.train_batch_size * self.args.gradient_accumulation_steps
        return EpochOrder(dataset.lengths, size, self.seed)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        if self.optimizer is not None:
            return self.optimizer
        optimizer: torch.optim.Optimizer = super().create_optimizer(model)
        assert self.model is not None
        stretch_steps(optimizer, {self.model.get_parameter(f"{path}.weight"): k for path, k in self.stretch.items()})
        return optimizer
