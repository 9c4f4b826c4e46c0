"""What happens beside the steps of a training: B rises, progress is told, checkpoints are marked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from bcos_core.errors import NotFiniteError
from bcos_core.model.convert import is_bcos, set_b
from bcos_core.progress import Reporter
from bcos_core.train.choices import Choices
from bcos_core.train.ranks import Ranks


class BRamp(TrainerCallback):
    """B rises linearly from 1 to the recipe's value over the first `ramp` of the steps."""

    def __init__(self, recipe: Choices) -> None:
        self.recipe = recipe

    def b_at(self, step: int, max_steps: int) -> float:
        ramp_steps = self.recipe.ramp * max_steps
        return 1 + (self.recipe.b - 1) * (min(1.0, step / ramp_steps) if ramp_steps else 1.0)

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        set_b(kwargs["model"], self.b_at(state.global_step, state.max_steps))

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        set_b(kwargs["model"], self.recipe.b)


class ReportingCallback(TrainerCallback):
    """Hands the trainer's progress and curves to a `Reporter`, which may raise `JobCancelled`. `steps_done` says how
    much of the work is done after a step of so many, in steps."""

    def __init__(
        self,
        reporter: Reporter,
        recipe: Choices,
        metric: str,
        loss: str,
        steps_done: Callable[[int, int], float] = lambda step, steps: step,
    ) -> None:
        self.reporter, self.recipe, self.metric, self.loss = reporter, recipe, metric, loss
        self.steps_done = steps_done
        self.series = "bcos" if recipe.bcos else "conventional"

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if state.is_world_process_zero and state.global_step:
            self.reporter.given(self._done(state), state.max_steps)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            self.reporter.progress(self._done(state), state.max_steps)

    def on_prediction_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if state.is_world_process_zero:  # scoring takes a while too, and must hear a cancellation
            self.reporter.progress(self._done(state), state.max_steps)

    def _done(self, state: TrainerState) -> float:
        return self.steps_done(state.global_step, state.max_steps)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        if not state.is_world_process_zero:
            return
        curves = (
            ("loss", f"loss: {self.loss}"),
            (f"eval_{self.metric}", self.metric),
            ("learning_rate", "learning rate"),
        )
        for source, name in curves:
            if logs and source in logs:
                self.reporter.metric(f"{self.series}/{name}", state.global_step, logs[source])
        model = kwargs.get("model")
        if model is not None and is_bcos(model):
            self.reporter.metric(f"{self.series}/b", state.global_step, model.config.bcos["b"])


class CompleteMark(TrainerCallback):
    """Marks a checkpoint once all its files are written: `Trainer` writes them under their final names.

    One whose weights are not finite is not marked, and ends the training: nothing could go on from it.
    """

    NAME = "complete"

    def __init__(self, ranks: Ranks) -> None:
        self.ranks = ranks

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        for name, weight in kwargs["model"].named_parameters():
            if not bool(weight.isfinite().all()):
                raise not_finite(f"the weight {name}", state.global_step)
        self.ranks.wait()  # every process writes the state of its random numbers
        if state.is_world_process_zero:
            (Path(args.output_dir or ".") / f"checkpoint-{state.global_step}" / self.NAME).touch()


def last_complete_checkpoint(work: Path) -> Path | None:
    """The newest checkpoint that was written to its end; ones that a killed process left unfinished do not count."""
    complete = [mark.parent for mark in work.glob(f"checkpoint-*/{CompleteMark.NAME}")]
    return max(complete, key=lambda folder: int(folder.name.removeprefix("checkpoint-")), default=None)


def not_finite(what: str, step: int) -> NotFiniteError:
    """What ends a training that has diverged, in words."""
    return NotFiniteError(
        f"Training has diverged: at step {step} {what} is not finite. No model was made. Begin anew with a lower "
        "learning rate, or with precision fp32; if it is the first step, the weights of the model may be damaged."
    )
