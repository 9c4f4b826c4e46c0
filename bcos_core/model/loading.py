"""A model folder becomes a classifier, or a language model, in memory: checked by its headers, then read in float32,
whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PretrainedConfig, PreTrainedModel

from bcos_core.errors import CheckpointError
from bcos_core.families import Family, family_named
from bcos_core.model.auto import class_of
from bcos_core.model.content import require_same_content
from bcos_core.model.convert import Conversion, replace_modules
from bcos_core.model.fit import Fit, fit
from bcos_core.model.headers import Headers
from bcos_core.model.identity import folder_content
from bcos_core.model.info import ModelConfig, read_config, read_info, read_language_info
from bcos_core.model.pooling import pool_by_mask
from bcos_core.model.quiet import transformers_in_turn
from bcos_core.model.skeleton import expected_shapes, transformers_config
from bcos_core.model.weights import read_tensors, require_memory, stored_tensors
from bcos_core.tasks.registry import TASK_TYPES, USUAL, task_type_of
from bcos_core.tasks.task_type import TaskType


@dataclass(frozen=True)
class LoadedModel:
    """A model in evaluation mode, the hash of the files that its weights are from, and what a person should know
    of how it was loaded, in whole sentences."""

    model: PreTrainedModel
    weights_hash: str
    notes: tuple[str, ...] = ()


def load_finished(folder: Path) -> LoadedModel:
    """A classifier that is ready to answer, conventional or B-cos, in float32.

    Raises:
        CheckpointError: not a model folder, weights that are missing, damaged or do not fit, or a newer format.
        UnsupportedModelError: no classifier of texts, or a family or part without a rule.
    """
    info, known = read_info(folder), read_config(folder)
    content = folder_content(folder)  # of which the folder's identity is made too, and which is read once for both
    notes = require_same_content(info, content)
    config = transformers_config(folder, known, classes=len(info.labels))
    config.id2label = dict(enumerate(info.labels))
    config.label2id = {label: index for index, label in enumerate(info.labels)}
    family = family_named(known.model_type)
    section = known.bcos
    conversion = None if section is None else Conversion(section.b, section.normalize_weights, section.keep_biases)
    found = fit(
        stored_tensors(folder),
        expected_shapes(config, family, name=folder.name, conversion=conversion),
        family,
        name=folder.name,
    )
    model = _assembled(config, family, found)
    if conversion is not None:
        replace_modules(model, family, conversion)
    return LoadedModel(model.eval(), content["weights"], (*notes, *found.notes))


def load_language_model(folder: Path) -> LoadedModel:
    """A language model that is ready to answer, conventional or B-cos, in float32.

    Raises:
        CheckpointError: as `load_finished` does; also a head that was saved beside the word embeddings, and is another
            than these where config.json says that it is the same.
        UnsupportedModelError: no language model, a family or part without a rule, or more weights than the memory
            that is free can hold.
    """
    info, known = read_language_info(folder), read_config(folder)
    content = folder_content(folder)
    notes = require_same_content(info, content)
    family = family_named(known.model_type).language_model
    config = transformers_config(folder, known)
    section = known.bcos
    conversion = None if section is None else Conversion(section.b, section.normalize_weights, section.keep_biases)
    stored = stored_tensors(folder, most=None)
    require_memory(stored, folder.name)
    expected = expected_shapes(config, family, name=folder.name, conversion=conversion)
    found = fit(stored, expected, family, name=folder.name)
    _require_one_head(stored, found, family, folder.name)
    model = _assembled(config, family, found)
    if f"{family.output}.weight" not in found.tensors:  # said here, too: a head that transformers left out is random
        model.get_submodule(family.output).weight = model.get_input_embeddings().weight
    if conversion is not None:
        replace_modules(model, family, conversion)
    return LoadedModel(model.eval(), content["weights"], (*notes, *found.notes))


def _require_one_head(stored: Headers, found: Fit, family: Family, name: str) -> None:
    """Of a head that is the word embeddings by config.json, refuse a second one with other numbers."""
    beside = stored.get(f"{family.language_head}.weight") or stored.get(f"{family.output}.weight")
    embeddings = found.tensors.get(f"{family.embeddings[0]}.weight")
    if beside is None or embeddings is None or f"{family.output}.weight" in found.tensors:
        return
    both = read_tensors({"head": beside, "embeddings": embeddings})
    if not torch.equal(both["head"], both["embeddings"]):
        raise CheckpointError(
            f"The weights of {name} have a head ({beside.key}) of other numbers than the word embeddings, which its "
            'config.json says are the same (tie_word_embeddings). Say there "tie_word_embeddings": false if the head '
            "is meant, or copy the folder anew."
        )


def load_to_train(folder: Path, *, num_labels: int, seed: int, task_type: TaskType = TASK_TYPES[USUAL]) -> LoadedModel:
    """A pretrained model with a head of `num_labels` outputs for a task of that type: the folder's own where it fits,
    else drawn from `seed`.

    Raises:
        CheckpointError: parts other than the head are missing or do not fit.
        UnsupportedModelError: a family that is not supported.
    """
    config, found = _fit_to_train(folder, read_config(folder), num_labels=num_labels, task_type=task_type)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _assembled(config, family_named(config.model_type), found)
    return LoadedModel(model.eval(), folder_content(folder)["weights"], found.notes)


def require_trainable(folder: Path) -> None:
    """Refuse, without reading weights, a folder that training could not begin with.

    Raises:
        CheckpointError, UnsupportedModelError: as `load_to_train` does.
    """
    _fit_to_train(folder, read_config(folder), num_labels=2, task_type=TASK_TYPES[USUAL])


def _fit_to_train(
    folder: Path, known: ModelConfig, *, num_labels: int, task_type: TaskType
) -> tuple[PretrainedConfig, Fit]:
    config = transformers_config(folder, known, classes=num_labels)
    config.problem_type = task_type.problem_type  # type: ignore[assignment]
    config.score_centre = 0.0
    family = family_named(known.model_type)
    found = fit(
        stored_tensors(folder),
        expected_shapes(config, family, name=folder.name),
        family,
        name=folder.name,
        new_head=True,
        keep_output=known.saved_by_classifier and task_type_of(known.problem_type) is task_type,
    )
    return config, found


def _assembled(config: PretrainedConfig, family: Family, found: Fit) -> PreTrainedModel:
    """The model with the tensors in it; `found.new`, and what conversion drops, are drawn from the generator."""
    kind: Any = class_of(config, family)
    own_attention = family.own_attention
    with transformers_in_turn():
        model: PreTrainedModel = kind.from_pretrained(
            None,
            config=config,
            state_dict=read_tensors(found.tensors),
            dtype=torch.float32,
            attn_implementation="eager" if own_attention else "sdpa",
        )
    return pool_by_mask(model)
