"""Training of language models on Hugging Face's `Trainer`: its loop, resume and precision, our losses and B ramp."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, TrainerCallback

from bcos_core.model.anatomy import blocks_of, family_of
from bcos_core.model.perplexity import hidden_and_targets, padded, perplexity
from bcos_core.progress import Reporter
from bcos_core.tasks.next_token import PERPLEXITY
from bcos_core.text.sequences import Ids
from bcos_core.train.callbacks import BRamp, CompleteMark, ReportingCallback
from bcos_core.train.chance import Chance
from bcos_core.train.checkpointing import checkpointed
from bcos_core.train.language.losses import cross_entropy, distillation, hidden_distance
from bcos_core.train.language.plan import steps_done
from bcos_core.train.language.recipe import DISTILLATION, LanguageRecipe
from bcos_core.train.language.struck import StruckPrompts, struck_prompts
from bcos_core.train.ordered import Batch, OrderedTrainer, Passed, arguments_of
from bcos_core.train.ranks import Ranks


class SequenceData(torch.utils.data.Dataset[Ids]):
    """Sequences of tokens; a batch of them is ids and attention mask (batch, tokens)."""

    def __init__(self, sequences: Sequence[Ids]) -> None:
        self.sequences = sequences
        self.lengths = [len(ids) for ids in sequences]

    def __len__(self) -> int:
        return len(self.sequences)

    def __getitem__(self, index: int) -> Ids:
        return self.sequences[index]

    @staticmethod
    def collate(rows: list[Ids]) -> dict[str, Tensor]:
        ids, mask = padded(rows)
        return {"input_ids": ids, "attention_mask": mask}


class LanguageTrainer(OrderedTrainer):
    """A `Trainer` whose loss is over next tokens, and whose evaluations are the perplexity of `validation`."""

    def __init__(
        self,
        *,
        recipe: LanguageRecipe,
        original: PreTrainedModel | None,
        validation: Sequence[Ids],
        added: Collection[int],
        replaced_by: int | None,
        **arguments: Any,
    ) -> None:
        super().__init__(recipe=recipe, **arguments)
        self.recipe, self.original, self.validation = recipe, original, validation
        self.added, self.replaced_by = torch.tensor(sorted(added), dtype=torch.long), replaced_by

    def chances(self, batch: Batch, generator: torch.Generator) -> dict[str, Chance]:
        ids = batch["input_ids"]
        return {"of_deletion": Chance.drawn(ids, generator=generator)}

    def pass_over(self, part: Batch, whole: Batch) -> Passed:
        ids, mask = part["input_ids"], part["attention_mask"]
        of_texts = len(ids) / len(whole["input_ids"])
        with torch.autocast(ids.device.type, torch.bfloat16, enabled=self.args.bf16):
            struck = self._struck(part)
            rows, targets = hidden_and_targets(self.model, ids, mask)
            of_tokens = len(rows) / max(1, int(whole["attention_mask"][:, 1:].sum()))
            sparing = self.recipe.checkpointing
            if self.original is None:
                loss = cross_entropy(self.model, rows, targets, sparing=sparing)
            else:
                with torch.no_grad():
                    theirs, _ = hidden_and_targets(self.original, ids, mask)
                loss = distillation(self.model, self.original, rows, theirs, sparing=sparing)
                if self.recipe.hidden_weight:
                    loss = loss + self.recipe.hidden_weight * hidden_distance(rows, theirs)
            loss = of_tokens * loss  # a mean over predicted tokens
            if struck is not None:  # over texts
                loss = loss + of_texts * self.recipe.consistency * struck.loss(self.model)
        return Passed(loss, torch.ones((), dtype=torch.bool, device=ids.device))

    def _struck(self, part: Batch) -> StruckPrompts | None:
        """None where deletion consistency is not asked for, or has not begun."""
        if self.replaced_by is None or not self.recipe.is_consistent(self.state.global_step, self.state.max_steps):
            return None
        ids, mask = part["input_ids"], part["attention_mask"]
        ordinary = mask.bool() & ~torch.isin(ids, self.added.to(ids.device))
        return struck_prompts(
            self.model,
            ids,
            mask,
            ordinary,
            self.replaced_by,
            sparing=self.recipe.checkpointing,
            chance=part["of_deletion"],
        )

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        step = float(self.state.global_step)

        def beat(done: int, total: int) -> None:  # measuring takes a while too, and must hear a cancellation
            self.reporter.progress(step, self.state.max_steps)

        found = {f"eval_{PERPLEXITY.name}": perplexity(self.model, self.validation, beat=beat).value}
        self.log(found)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, found)
        return found


def steps_of(sequences: int, recipe: LanguageRecipe) -> int:
    """Optimiser steps of a training on so many sequences."""
    each = -(-sequences // (recipe.batch_size * recipe.gradient_accumulation))
    return max(1, round(each * recipe.epochs))


def loss_name(recipe: LanguageRecipe) -> str:
    """What the training loss is, all its terms."""
    hidden = f" + {recipe.hidden_weight:g} × hidden states" if recipe.hidden_weight else ""
    return recipe.loss + hidden + (f" + {recipe.consistency:g} × deletion consistency" if recipe.consistency else "")


def train_language_model(
    model: PreTrainedModel,
    train: Sequence[Ids],
    validation: Sequence[Ids],
    recipe: LanguageRecipe,
    *,
    original: PreTrainedModel | None = None,
    added: Collection[int] = (),
    replaced_by: int | None = None,
    work: Path,
    reporter: Reporter,
    bf16: bool,
    stretch: Mapping[str, float] | None = None,
    ranks: Ranks | None = None,
    watching: Sequence[TrainerCallback] = (),
) -> None:
    """Train `model` in place; it is in evaluation mode afterwards, and all its parameters may be trained again.

    Checkpoints go to `work`; if some are there already, training goes on from the last one. `original` is what is
    distilled, which stays as it is; `added` are the numbers of special tokens, and `replaced_by` is the token that
    stands for struck ones, where deletion consistency is asked for; `stretch` are layers by path whose weights
    calibration made longer, and how much; `ranks` are the processes that train together: each takes a share of a
    step's sequences.

    Raises:
        JobCancelled: from the reporter.
        NotFiniteError: a loss or weight that is not finite; names the step.
    """
    if (original is not None) != (recipe.loss == DISTILLATION):
        raise ValueError(f"The loss is {recipe.loss}, and the original is {'given' if original else 'missing'}.")
    if recipe.consistency and replaced_by is None:
        raise ValueError("Deletion consistency wants a token that stands for struck ones.")
    steps = steps_of(len(train), recipe)
    arguments = arguments_of(recipe, steps, work, bf16=bf16)
    ranks = ranks or Ranks()
    callbacks: list[TrainerCallback] = [
        ReportingCallback(reporter, recipe, PERPLEXITY.name, loss_name(recipe), partial(steps_done, recipe)),
        CompleteMark(ranks),
    ]
    if recipe.bcos:
        callbacks.insert(0, BRamp(recipe))
    embeddings = [model.get_submodule(path) for path in family_of(model).embeddings]
    frozen = [p for part in embeddings for p in part.parameters()] if recipe.embeddings == "kept" else []
    for parameter in frozen:  # the head too, where it is the same parameter
        parameter.requires_grad_(False)
    try:
        trainer = LanguageTrainer(
            recipe=recipe,
            original=original,
            validation=validation,
            added=added,
            replaced_by=replaced_by,
            stretch=stretch or {},
            ranks=ranks,
            reporter=reporter,
            model=model,
            args=arguments,
            train_dataset=SequenceData(train),
            eval_dataset=SequenceData(validation),
            data_collator=SequenceData.collate,
            callbacks=[*callbacks, *watching],
        )
        with checkpointed(model, wanted=recipe.checkpointing):
            trainer.go_on(work)
    finally:
        for parameter in frozen:
            parameter.requires_grad_(True)
    model.eval()


def for_distillation(original: PreTrainedModel, *, bf16: bool) -> PreTrainedModel:
    """The original as it is asked in every step: its parameters are not trained, and the linear layers of its blocks in
    bf16 where they would be cast to it each time. Its hidden states stay in float32: a head that is the embeddings is
    not among them."""
    original.eval().requires_grad_(False)
    if bf16:
        for module in blocks_of(original, family_of(original)).modules():
            if isinstance(module, nn.Linear):
                module.to(torch.bfloat16)
    return original
