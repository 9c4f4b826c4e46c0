"""What training classifiers and language models have in common: the order of the examples, how a step is done in
passes, the length of steps, and how a run is set up, watched and gone on with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate.data_loader import prepare_data_loader
from accelerate.utils.memory import clear_device_cache, should_reduce_batch_size
from torch import Tensor, nn
from torch.utils.data import DataLoader
from transformers import PreTrainedModel, Trainer, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from bcos_core.allocator import memory_kept
from bcos_core.device import chosen_device
from bcos_core.model.quiet import quiet_transformers
from bcos_core.model.trained_by import TrainedBy
from bcos_core.numbers import count
from bcos_core.progress import Reporter
from bcos_core.train.callbacks import last_complete_checkpoint, not_finite
from bcos_core.train.chance import Chance, generator_of, seed_of
from bcos_core.train.choices import Choices
from bcos_core.train.encoded import EpochOrder
from bcos_core.train.optimizer import stretch_steps
from bcos_core.train.plan import EVALUATIONS
from bcos_core.train.ranks import Ranks
from bcos_core.train.work import WorkFolder

# Curves with about this many points, and this many checkpoints to resume from, whatever the length of the run.
LOSS_POINTS = 60
CHECKPOINTS = 4
TRAINED_BY = "trained-by"
"""What is kept beside the checkpoints."""

Batch = dict[str, Any]
"""Tensors, and what is random (`Chance`), of texts, by name: (texts, …)."""


@dataclass(frozen=True)
class Passed:
    """What a pass over some texts of a step adds to the loss of the whole, and whether all its logits are finite."""

    loss: Tensor
    finite: Tensor


class OrderedTrainer(Trainer):
    """A `Trainer` whose data set has the `lengths` of its examples; their order is drawn by the recipe's seed.

    The batch of a step is the same in every process. Each takes its share of it, and goes over that in passes: as many
    texts at once as were asked for, and half as many for ever after whenever the memory does not hold them. The
    gradients of all passes of all processes are added up, so that what is learned depends on none of this but for
    rounding. `stretch` are layers by path whose steps are that many times as long (`CalibrationResult`).
    """

    model: PreTrainedModel

    def __init__(
        self, *, recipe: Choices, ranks: Ranks, reporter: Reporter, stretch: Mapping[str, float], **arguments: Any
    ) -> None:
        super().__init__(**arguments)
        self.seed, self.stretch, self.ranks, self.reporter = recipe.seed, stretch, ranks, reporter
        self.at_once = min(recipe.batch_size, -(-self.args.train_batch_size // ranks.count))
        self.trained_by, self._work = TrainedBy(), WorkFolder(Path(self.args.output_dir or "."), "")
        self._lack = ""  # what this process said when its memory did not hold a pass

    def create_accelerator_and_postprocess(self) -> None:
        super().create_accelerator_and_postprocess()
        # As it is prepared to be evaluated: not wrapped. A wrapper would add up gradients in the middle of a backward
        # pass, where a process whose memory has run out leaves the others waiting for ever.
        self.accelerator.prepare_model = partial(self.accelerator.prepare_model, evaluation_mode=True)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Of whole batches, in every process."""
        loader: DataLoader[Any] = DataLoader(
            self.train_dataset,  # type: ignore[arg-type]
            batch_size=self.args.train_batch_size,
            sampler=self._get_train_sampler(),
            collate_fn=self.data_collator,
            pin_memory=self.args.dataloader_pin_memory,
        )
        return prepare_data_loader(loader, num_processes=1, process_index=0)

    def _get_train_sampler(self, train_dataset: Any = None) -> EpochOrder:
        dataset: Any = self.train_dataset if train_dataset is None else train_dataset
        return EpochOrder(dataset.lengths, self.args.train_batch_size, self.seed)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        if self.optimizer is not None:
            return self.optimizer
        optimizer: torch.optim.Optimizer = super().create_optimizer(model)
        stretch_steps(optimizer, {self.model.get_parameter(f"{path}.weight"): k for path, k in self.stretch.items()})
        return optimizer

    def chances(self, batch: Batch, generator: torch.Generator) -> dict[str, Chance]:
        """What is random about the texts of a whole batch, by the names that `pass_over` knows it by."""
        raise NotImplementedError

    def pass_over(self, part: Batch, whole: Batch) -> Passed:
        """The loss of some texts of a step, which is so weighted that those of all its parts add up to that of the
        `whole`."""
        raise NotImplementedError

    def training_step(self, model: nn.Module, inputs: Batch, num_items_in_batch: Any = None) -> Tensor:
        """Forward and backward over the batch, all processes together; its loss."""
        model.train()
        step = self.state.global_step
        whole = self._prepare_inputs(inputs)
        whole |= self.chances(whole, generator_of(self.seed, step))
        texts = len(whole["input_ids"])
        while True:
            torch.manual_seed(seed_of(self.seed, step, self.ranks.index))  # dropout: its own in every process
            loss, not_finite_logits, short = self.ranks.added(self._passes(whole, texts)).tolist()
            if not short:
                break
            self._go_on_with_fewer(texts)
        if not_finite_logits or not math.isfinite(loss):
            raise not_finite("the logits" if math.isfinite(loss) else f"the loss ({loss})", step + 1)
        self.ranks.add_gradients([parameter for parameter in model.parameters() if parameter.requires_grad])
        return torch.tensor(loss, device=self.args.device)

    def _passes(self, whole: Batch, texts: int) -> Tensor:
        """This process's share of a step: its loss, 1 if a logit is not finite, 1 if its memory did not hold it."""
        told = torch.zeros(3, device=self.ranks.device)
        self._lack = ""
        try:
            for places in self.ranks.share(texts).split(self.at_once):
                if len(places):
                    passed = self.pass_over(_part(whole, places.to(self.ranks.device)), whole)
                    passed.loss.backward()
                    told[0] += passed.loss.detach()
                    told[1] += ~passed.finite
        except RuntimeError as error:
            if not _out_of_memory(error):
                raise
            self._lack = str(error).strip().split("\n")[0] or "Out of memory."
        if self._lack:  # behind the block: what the error held is free by now
            told = torch.zeros_like(told)
            told[2] = 1
        return told

    def _go_on_with_fewer(self, texts: int) -> None:
        """Forget what was added up of this step, and halve how many texts go through at once, in every process.

        Raises:
            torch.OutOfMemoryError: it is one already.
        """
        self.model.zero_grad()
        clear_device_cache(garbage_collection=True)
        before = min(self.at_once, -(-texts // self.ranks.count))
        if before == 1:
            raise torch.OutOfMemoryError(self._lack or "The memory of another process does not hold a single text.")
        self.at_once = before // 2
        step = self.state.global_step
        self._tell(self.trained_by.halved(step, self.at_once))
        self.reporter.log(
            f"Step {step + 1:,}: there was not enough memory for {count(before, 'text')} at once. The step is done "
            f"again, and all from here on, with {self.at_once} at once; their gradients are added up: what is learned "
            "is the same."
        )

    def go_on(self, work: Path) -> None:
        """Train, from the last complete checkpoint in `work` where there is one."""
        self.remove_callback(PrinterCallback)  # stdout is the command's
        last = self.ranks.first(lambda: last_complete_checkpoint(work))
        if last:
            self.reporter.log(f"Going on from {last.name}.")
        step = int(last.name.removeprefix("checkpoint-")) if last else 0
        known = self.ranks.first(lambda: self._work.create().known(TRAINED_BY, TrainedBy)) or TrainedBy()
        self._tell(known.begun(step, self.ranks.count, self.at_once))
        self.at_once = self.trained_by.at_once[-1][1]
        self.ranks.same_weights(self.model)
        with quiet_transformers(), memory_kept():
            self.train(resume_from_checkpoint=str(last) if last else None)

    def _tell(self, trained_by: TrainedBy) -> None:
        self.trained_by = trained_by
        if self.ranks.is_first:
            self._work.keep(TRAINED_BY, trained_by)


def trained_by(work: Path) -> TrainedBy:
    """How the model whose checkpoints are in `work` was trained."""
    return WorkFolder(work, "").known(TRAINED_BY, TrainedBy) or TrainedBy()


def _part(whole: Batch, places: Tensor) -> Batch:
    return {name: of.of(places) if isinstance(of, Chance) else of[places] for name, of in whole.items()}


def _out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or should_reduce_batch_size(error)


def arguments_of(recipe: Choices, steps: int, work: Path, *, bf16: bool, **own: Any) -> TrainingArguments:
    """Those of a training of so many steps whose checkpoints go to `work`; `own` are those of one kind alone."""
    logged, device = max(1, steps // LOSS_POINTS), chosen_device()
    arguments = TrainingArguments(
        output_dir=str(work),
        max_steps=steps,
        # Of a step, of all processes: `OrderedTrainer` divides it.
        per_device_train_batch_size=recipe.batch_size * recipe.gradient_accumulation,
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
    arguments._n_gpu = min(1, arguments.n_gpu)  # one process computes on one GPU, however many it sees
    return arguments
