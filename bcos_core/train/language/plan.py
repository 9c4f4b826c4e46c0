"""What training a language model consists of: its stages, and what each costs by the sizes of model and texts."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import prod
from pathlib import Path

from bcos_core.errors import BcosError
from bcos_core.jobs.part import START_SECONDS, Part, seconds_of
from bcos_core.model.embedded import EMBEDDED_MODELS, LANGUAGE_MODEL, embedded_folder
from bcos_core.model.headers import safetensors_headers
from bcos_core.model.size import model_size
from bcos_core.text.running import TextSource, load_texts, source_hash
from bcos_core.text.size import READ_BYTES, SAMPLE_TEXTS, UNKNOWN, TaskSize, about_tokens, glanced
from bcos_core.train.language.memory import Memory, training_memory
from bcos_core.train.language.recipe import DISTILLATION, LanguageRecipe
from bcos_core.train.language.spec import LanguageSpec
from bcos_core.train.plan import (
    BACKWARD,
    BCOS_STEP,
    EVALUATIONS,
    KINDS,
    LOADING_SECONDS,
    READING_SECONDS,
    SAVING_SECONDS,
    STEP_SECONDS,
    together_words,
)

CURVE_TOKENS = 2048
"""Of the validation texts that a model is measured on in its course, about."""
AGAIN = 1
"""Forward passes more, where gradients are checkpointed."""
CONSISTENCY = (2 + 1 + BACKWARD) / 2
"""Forward passes over the texts that deletion consistency adds: a heatmap, and a forward and backward pass on the
struck prompts, which are half as long as the texts on average."""
SMOLLM2 = (134_515_008, 49_152 * 576)
"""Parameters of the embedded model, and how many of them are its word embeddings: its folder may not be there yet."""


def stage_titles(recipe: LanguageRecipe) -> list[str]:
    """The stages of a run, in their order."""
    titles = ["Reading the texts", "Measuring the original"]
    if recipe.bcos:
        titles.append("Fitting the converted layers" if recipe.calibrate else "Converting the layers")
    for kind in trained_kinds(recipe):
        if recipe.epochs:
            titles.append(f"Training the {KINDS[kind]} model")
        titles.append(f"Measuring the {KINDS[kind]} model")
    return titles


def trained_kinds(recipe: LanguageRecipe) -> list[str]:
    """The kinds of models that a recipe makes, the B-cos model first."""
    return ["bcos"] * recipe.bcos + ["conventional"] * (recipe.twin or not recipe.bcos)


def step_units(recipe: LanguageRecipe, share: float) -> float:
    """What the steps up to a `share` of them all cost, in forward passes over all texts: those with deletion
    consistency cost more, and it begins in the middle."""
    own: float = 1 + BACKWARD + AGAIN * recipe.checkpointing
    begun = recipe.consistent_share(share)
    return (share * own + begun * CONSISTENCY) * (BCOS_STEP if recipe.bcos else 1.0) + share * (
        recipe.loss == DISTILLATION
    )


def steps_done(recipe: LanguageRecipe, step: int, steps: int) -> float:
    """Steps that were done, each counted by what it costs beside the mean of all."""
    return steps * step_units(recipe, step / max(1, steps)) / step_units(recipe, 1.0)


def texts_size(source: TextSource) -> TaskSize:
    """
    Raises:
        DataError: the texts cannot be used.
    """
    path = Path(source.name)
    if source.kind == "hub":
        return UNKNOWN
    if source.kind == "file" and path.is_file() and path.stat().st_size > READ_BYTES:
        return glanced(path)
    return _read(source, source_hash(source))


@lru_cache(maxsize=64)
def _read(source: TextSource, content: str) -> TaskSize:
    texts = load_texts(source)
    some = texts.train[:SAMPLE_TEXTS]
    tokens = sum(map(about_tokens, some)) / max(1, len(some))
    return TaskSize(len(texts.train), len(texts.validation), len(texts.test), tokens)


def language_plan(spec: LanguageSpec) -> list[Part]:
    """
    Raises:
        DataError: the texts cannot be used.
    """
    recipe, size, model = spec.recipe, texts_size(spec.texts), model_size(spec.model)
    if spec.texts.kind == "hub":  # of which as much is read as is asked for
        size = replace(size, train=max(size.train, recipe.examples or 0), test=max(size.test, recipe.test_texts))
    _, embedded = parameters_of(spec.model)
    length = recipe.max_length if recipe.packing else min(size.tokens, recipe.max_length)

    def passes(tokens: float) -> float:
        """Operations of a forward pass over so many tokens, the head's among them."""
        return tokens / length * model.forward(length) + 2.0 * embedded * tokens

    tested = min(size.test, recipe.test_texts) * size.tokens
    trained = min(size.train, recipe.examples or size.train) * size.tokens
    parts = [("read", START_SECONDS + READING_SECONDS), ("perplexity", LOADING_SECONDS + seconds_of(passes(tested)))]
    if recipe.bcos:
        fitted = (
            recipe.calibration_texts * (2 * model.forward(length) + model.gram(length)) if recipe.calibrate else 0.0
        )
        parts.append(("calibrate", LOADING_SECONDS + seconds_of(fitted + passes(tested) * BCOS_STEP)))
    for kind in trained_kinds(recipe):
        own = recipe if kind == "bcos" or not recipe.bcos else recipe.continued()
        if own.epochs:
            units = step_units(own, 1.0)
            steps = STEP_SECONDS * trained / length * own.epochs / own.batch_size
            asked = EVALUATIONS * passes(min(CURVE_TOKENS, size.validation * size.tokens))
            consistent = " with consistency" * bool(own.consistency)
            pace = f"language {kind}, {own.loss}{consistent}, {own.precision}"
            pace += together_words(spec.processes)
            trained_passes = units * passes(trained * own.epochs) / spec.processes
            parts.append((pace, steps + seconds_of(trained_passes + asked)))
        parts.append(("perplexity", SAVING_SECONDS + seconds_of(passes(tested) * BCOS_STEP)))
    return [Part(stage, "", pace, seconds) for stage, (pace, seconds) in enumerate(parts)]


def parameters_of(model: str) -> tuple[int, int]:
    """Parameters of a model source, and those of its word embeddings, by the headers of its weights; from its widths
    where these cannot be read without a download."""

    if model == LANGUAGE_MODEL:
        return SMOLLM2
    size = model_size(model)
    try:
        folder = embedded_folder(model) if model in EMBEDDED_MODELS else Path(model)
        headers = safetensors_headers(folder) if folder.is_dir() else None
    except (OSError, BcosError):
        headers = None
    if not headers:
        return round(size.weights), 0
    shapes = [tensor.shape for tensor in headers.values()]
    return sum(map(prod, shapes)), max((prod(shape) for shape in shapes if size.hidden in shape), default=0)


def memory_plan(model: str, recipe: LanguageRecipe) -> Memory:
    """About what a training takes of the memory."""
    return training_memory(*parameters_of(model), model_size(model), recipe)
