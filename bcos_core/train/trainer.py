"""Fine-tuning on Hugging Face's `Trainer`: its loop, resume, precision and distribution, with our loss and B ramp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import (
    EvalPrediction,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    TrainerCallback,
)

from bcos_core.model.anatomy import family_of, positions_of, types_of
from bcos_core.progress import Reporter
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.tasks.task_type import Scale, TaskType
from bcos_core.text.tasks import Examples
from bcos_core.train.callbacks import BRamp, CompleteMark, ReportingCallback, not_finite
from bcos_core.train.chance import Chance
from bcos_core.train.checkpointing import checkpointed
from bcos_core.train.encoded import EncodedExamples
from bcos_core.train.losses import deletion_task, masked_texts
from bcos_core.train.ordered import Batch, OrderedTrainer, Passed, arguments_of
from bcos_core.train.plan import CURVE_SHARE, LEAST_CURVE_TEXTS, steps_done
from bcos_core.train.ranks import Ranks
from bcos_core.train.recipe import USUAL_LOSS, Recipe


class BcosTrainer(OrderedTrainer):
    """A `Trainer` with the project's losses. B-cos and conventional models go through the same code."""

    def __init__(
        self,
        *,
        recipe: Recipe,
        task_type: TaskType,
        validation: Examples,
        scale: Scale,
        mask_id: int | None,
        **arguments: Any,
    ) -> None:
        super().__init__(recipe=recipe, compute_metrics=self._measure, **arguments)
        self.recipe = recipe
        self.task_type, self.validation, self.scale = task_type, validation, scale
        self.loss = own_loss(task_type, recipe)
        self.mask_id = mask_id

    def chances(self, batch: Batch, generator: torch.Generator) -> dict[str, Chance]:
        ids = batch["input_ids"]
        return {name: Chance.drawn(ids, generator=generator) for name in ("of_masking", "of_deletion")}

    def pass_over(self, part: Batch, whole: Batch) -> Passed:
        loss, outputs = self.compute_loss(self.model, part, return_outputs=True)
        share = len(part["input_ids"]) / len(whole["input_ids"])  # each term is a mean over texts
        return Passed(share * loss, outputs["logits"].detach().isfinite().all())

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        bare: PreTrainedModel = self.accelerator.unwrap_model(model)
        input_ids, attention_mask = inputs["input_ids"], inputs["attention_mask"]
        labels, size = inputs["labels"], len(input_ids)
        types = inputs.get("token_type_ids")
        positions = positions_of(bare, input_ids)  # of the whole texts, whatever is masked in them
        task = None
        if model.training and self.mask_id is not None:
            if self.recipe.is_consistent(
                self.state.global_step, self.state.max_steps
            ):  # of the whole texts, also where masked ones are learned from
                task = deletion_task(
                    bare,
                    input_ids,
                    attention_mask,
                    inputs["ordinary"],
                    self.mask_id,
                    ranked=self.recipe.consistency_ranked,
                    token_type_ids=types,
                    chance=inputs.get("of_deletion"),
                    sparing=self.recipe.checkpointing,
                )
            if self.recipe.masking:
                input_ids = masked_texts(
                    input_ids,
                    inputs["ordinary"],
                    self.mask_id,
                    share=self.recipe.masking,
                    chance=inputs.get("of_masking"),
                )
        if task is not None:
            # One pass for both halves: cheaper.
            input_ids = torch.cat([input_ids, task.input_ids])
            attention_mask, positions = attention_mask.repeat(2, 1), positions.repeat(2, 1)
            types = None if types is None else types.repeat(2, 1)
        logits = model(
            input_ids=input_ids, attention_mask=attention_mask, position_ids=positions, **types_of(bare, types)
        ).logits.float()
        loss = self.task_type.loss(logits[:size], labels, name=self.loss)
        if task is not None:
            loss = loss + self.recipe.consistency * task.loss(logits[size:])
        return (loss, {"logits": logits[:size]}) if return_outputs else loss

    def _measure(self, evaluation: EvalPrediction) -> dict[str, float]:
        predictions = evaluation.predictions
        logits = np.asarray(predictions[0] if isinstance(predictions, tuple) else predictions)
        if not np.isfinite(logits).all():
            raise not_finite("a logit of a validation text", self.state.global_step)
        answers = self.scale.centre + self.scale.size * logits.astype(float)
        main = self.task_type.main_metric.name
        return {main: self.task_type.measure(answers.tolist(), self.validation.labels)[main]}


def fine_tune(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    train: Examples,
    validation: Examples,
    recipe: Recipe,
    *,
    task_type: TaskType | None = None,
    work: Path,
    reporter: Reporter,
    bf16: bool,
    stretch: Mapping[str, float] | None = None,
    ranks: Ranks | None = None,
    watching: Sequence[TrainerCallback] = (),
) -> None:
    """Fine-tune `model` in place for a task of `task_type` (single-label, if not given); it is in evaluation mode
    afterwards. A model of a score answers in the score's unit, around `config.score_centre`.

    Checkpoints go to `work`; if some are there already, training goes on from the last one. `stretch` are layers
    by path whose weights calibration made longer, and by how much (see `CalibrationResult`). `ranks` are the processes
    that train together: each takes a share of a step's `recipe.batch_size` examples. Those who are `watching`
    change nothing.

    Raises:
        JobCancelled: from the reporter.
        NotFiniteError: a loss, logit or weight that is not finite; names the step.
    """
    ranks = ranks or Ranks()
    kind = task_type or TASK_TYPES[USUAL]
    scale = kind.scale(train.labels)
    to_tensor = partial(kind.tensor, labels=int(model.config.num_labels or 0), scale=scale)
    train_set = EncodedExamples(train, tokenizer, recipe.max_length, to_tensor)
    curve = curve_texts(validation, train, recipe)
    validation_set = EncodedExamples(curve, tokenizer, recipe.max_length, to_tensor)
    steps_per_epoch = -(-len(train) // (recipe.batch_size * recipe.gradient_accumulation))
    steps = max(1, round(steps_per_epoch * recipe.epochs))
    arguments = arguments_of(recipe, steps, work, bf16=bf16, per_device_eval_batch_size=64, label_names=["labels"])
    callbacks: list[TrainerCallback] = [
        ReportingCallback(
            reporter, recipe, kind.main_metric.name, loss_name(kind, recipe), partial(steps_done, recipe)
        ),
        CompleteMark(ranks),
    ]
    if recipe.bcos:
        callbacks.insert(0, BRamp(recipe))
    trainer = BcosTrainer(
        recipe=recipe,
        ranks=ranks,
        reporter=reporter,
        task_type=kind,
        validation=curve,
        scale=scale,
        mask_id=tokenizer.mask_token_id,
        stretch=stretch or {},
        model=model,
        args=arguments,
        train_dataset=train_set,
        eval_dataset=validation_set,
        data_collator=train_set.collate,
        callbacks=[*callbacks, *watching],
    )
    with checkpointed(model, wanted=recipe.checkpointing):
        trainer.go_on(work)
    answer_in_unit(model, scale)
    model.eval()


def own_loss(kind: TaskType, recipe: Recipe) -> str:
    """The one of the task's losses that a recipe trains with."""
    return kind.usual_loss(bcos=recipe.bcos) if recipe.loss == USUAL_LOSS else recipe.loss


def curve_texts(validation: Examples, train: Examples, recipe: Recipe) -> Examples:
    """The validation texts that a model is measured on in its course: a curve needs no more, and a short run would
    otherwise spend its time on scoring."""
    return validation.take(max(LEAST_CURVE_TEXTS, len(train) // CURVE_SHARE), recipe.seed)


def loss_name(kind: TaskType, recipe: Recipe) -> str:
    """What the training loss is, all its terms."""
    own = own_loss(kind, recipe)
    return f"{own} + {recipe.consistency:g} × deletion consistency" if recipe.consistency else own


@torch.no_grad()
def answer_in_unit(model: PreTrainedModel, scale: Scale) -> None:
    """Put the scale that training was on into the last layer and the config: score = centre + output.

    A B-cos transform is homogeneous in its rows, B-cos(x; γw) = γ B-cos(x; w), unless it normalises them.
    """
    if scale == Scale():
        return
    for parameter in model.get_submodule(family_of(model).output).parameters():
        parameter.mul_(scale.size)
    model.config.score_centre = scale.centre
