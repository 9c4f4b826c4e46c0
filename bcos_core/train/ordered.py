"""What training classifiers and language models have in common: the order of the examples, the length of steps, and
how a run is set up, watched and gone on with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from bcos_core.device import chosen_device
from bcos_core.model.quiet import quiet_transformers
from bcos_core.progress import Reporter
from bcos_core.train.callbacks import last_complete_checkpoint
from bcos_core.train.choices import Choices
from bcos_core.train.encoded import EpochOrder
from bcos_core.train.optimizer import stretch_steps
from bcos_core.train.plan import EVALUATIONS
from bcos_core.train.ranks import Ranks

# Curves with about this many points, and this many checkpoints to resume from, whatever the length of the run.
LOSS_POINTS = 60
CHECKPOINTS = 4


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

    def go_on(self, work: Path, ranks: Ranks, reporter: Reporter) -> None:
        """Train, from the last complete checkpoint in `work` where there is one."""
        self.remove_callback(PrinterCallback)  # stdout is the command's
        last = ranks.first(lambda: last_complete_checkpoint(work))
        if last:
            reporter.log(f"Going on from {last.name}.")
        with quiet_transformers():
            self.train(resume_from_checkpoint=str(last) if last else None)


def arguments_of(recipe: Choices, steps: int, work: Path, *, bf16: bool, **own: Any) -> TrainingArguments:
    """Those of a training of so many steps whose checkpoints go to `work`; `own` are those of one kind alone."""
    logged, device = max(1, steps // LOSS_POINTS), chosen_device()
    return TrainingArguments(
        output_dir=str(work),
        max_steps=steps,
        per_device_train_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.gradient_accumulation,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        adam_epsilon=1e-8,
        max_grad_norm=1.0,
        lr_scheduler_type="linear",
        warmup_steps=round(recipe.warmup * steps),
        seed=recipe.seed,
        data_seed=recipe.seed,
        bf16=bf16,
        use_cpu=device.type == "cpu",
        dataloader_pin_memory=device.type == "cuda",
        logging_steps=logged,
        eval_strategy="steps",
        eval_steps=max(1, steps // EVALUATIONS),
        save_strategy="steps",
        # A point of the loss is a mean since the last one, so that what goes on must begin at a point.
        save_steps=max(1, steps // CHECKPOINTS // logged) * logged,
        save_total_limit=2,  # while one is being written, a complete one is there
        remove_unused_columns=False,
        report_to=[],
        logging_nan_inf_filter=False,  # it would put earlier losses in the place of those that are not finite
        disable_tqdm=True,
        **own,
    )
