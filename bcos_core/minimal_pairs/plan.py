"""What asking by minimal pairs consists of, and what each part costs by the sizes of models."""

from __future__ import annotations

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.plan import (
    CURVES,
    DIFFERENT,
    LOADING,
    LOADING_SECONDS,
    READING_SECONDS,
    SINGLES,
    SORTED,
    TABLE_SECONDS,
    explaining,
    not_measured,
    predicting,
)
from bcos_core.jobs.part import START_SECONDS, Part
from bcos_core.minimal_pairs.case import STEPS
from bcos_core.minimal_pairs.folders import LanguageFolder, read_folder
from bcos_core.minimal_pairs.measures import COURSE, STRIKES, asks_for
from bcos_core.minimal_pairs.spec import PairsSpec
from bcos_core.tasks.next_token import NextToken

TOKENS = 12
"""Of a prompt: those of BLiMP have about six, those of indirect object identification about sixteen."""


def pairs_plan(spec: PairsSpec) -> list[Part]:
    """
    Raises:
        CheckpointError: a model is not there any more.
    """
    folders = [read_folder(source) for source in spec.checkpoints]
    prompts = spec.limit * len(spec.sources)
    parts = [Part(0, "", "read", START_SECONDS + READING_SECONDS)]
    for stage, folder in enumerate(folders, start=1):
        parts.append(Part(stage, LOADING, "load", LOADING_SECONDS))
        without = not_measured(spec, is_bcos=folder.kind == "bcos", family=folder.family, answers=NextToken.name)
        methods = [name for name in spec.contenders if name not in without]
        parts += [
            explaining(
                stage, folder, name, texts=prompts, tokens=TOKENS, longest=SORTED, options=spec.options.get(name)
            )
            for name in methods
        ]
        if asks_for(STRIKES, spec.measures):
            asked = prompts * strike_passes(TOKENS)
            parts.append(predicting(stage, folder, texts=asked, tokens=TOKENS, name=SINGLES, pace=SINGLES))
        if asks_for(COURSE, spec.measures):
            asked = prompts * len(methods) * course_passes(TOKENS)
            parts.append(predicting(stage, folder, texts=asked, tokens=TOKENS, name=CURVES, pace=CURVES))
    return [*parts, Part(len(folders) + 1, "", "table", TABLE_SECONDS)]


def passes(spec: PairsSpec, folder: LanguageFolder) -> float:
    """About how many passes over a model explaining and striking take, a backward one counted as it costs; at most,
    since what was asked before is not asked again."""
    without = not_measured(spec, is_bcos=folder.kind == "bcos", family=folder.family, answers=NextToken.name)
    methods = [METHODS[name] for name in spec.contenders if name not in without]
    of_a_prompt = sum(max(1.0, method.cost.forward_equivalents(TOKENS)) for method in methods)
    of_a_prompt += strike_passes(TOKENS) * asks_for(STRIKES, spec.measures)
    of_a_prompt += len(methods) * course_passes(TOKENS) * asks_for(COURSE, spec.measures)
    return spec.limit * len(spec.sources) * of_a_prompt


def strike_passes(tokens: float) -> float:
    """Over a prompt of so many tokens: whole, and without each of them."""
    return tokens + 1


def course_passes(tokens: float) -> float:
    """Over a prompt of so many tokens, of what one explanation adds: without the first of them, and with these alone,
    at every step."""
    return DIFFERENT * 2 * min(tokens, STEPS)
