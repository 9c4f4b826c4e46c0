"""Keeps the course of a training while `Trainer` runs: before the first step, after chosen ones, and at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from bcos_core.progress import Reporter
from bcos_core.train.course import State, keep_state, watched_steps
from bcos_core.train.plan import steps_done
from bcos_core.train.recipe import Recipe

Observe = Callable[[PreTrainedModel, int, Callable[[], None]], State]
"""The state of a model after so many steps; calls the last argument between its parts."""


class CourseKeeper(TrainerCallback):
    """Puts states into `folder`. A run that goes on from a checkpoint keeps those from there on anew: a state is
    written before the checkpoint of its step, so that none is missing."""

    def __init__(self, folder: Path, recipe: Recipe, observe: Observe, reporter: Reporter) -> None:
        self.folder, self.recipe, self.observe, self.reporter = folder, recipe, observe, reporter

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if state.global_step == 0:
            self._keep(state, kwargs["model"])

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if state.global_step < state.max_steps:
            self._keep(state, kwargs["model"])

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._keep(state, kwargs["model"])  # not before: B has its last value only now

    def _keep(self, state: TrainerState, model: PreTrainedModel) -> None:
        step, recipe = state.global_step, self.recipe
        wanted = watched_steps(state.max_steps, states=recipe.kept_states, spacing=recipe.kept_spacing)
        if state.is_world_process_zero and step in wanted:
            done = steps_done(recipe, step, state.max_steps)
            keep_state(self.folder, self.observe(model, step, lambda: self.reporter.progress(done, state.max_steps)))
