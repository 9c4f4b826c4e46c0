"""What asking by minimal pairs consists of, and what each part costs by the sizes of models."""

from __future__ import annotations

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.plan import (
    LOADING,
    LOADING_SECONDS,
    READING_SECONDS,
    SORTED,
    TABLE_SECONDS,
    explaining,
    not_measured,
)
from bcos_core.jobs.part import START_SECONDS, Part
from bcos_core.minimal_pairs.folders import LanguageFolder, read_folder
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
        parts += [
            explaining(
                stage, folder, name, texts=prompts, tokens=TOKENS, longest=SORTED, options=spec.options.get(name)
            )
            for name in spec.contenders
            if name not in without
        ]
    return [*parts, Part(len(folders) + 1, "", "table", TABLE_SECONDS)]


def passes(spec: PairsSpec, folder: LanguageFolder) -> float:
    """About how many passes over a model explaining takes, a backward one counted as it costs; at most, since what was
    explained before is not explained again."""
    without = not_measured(spec, is_bcos=folder.kind == "bcos", family=folder.family, answers=NextToken.name)
    of_a_prompt = sum(
        max(1.0, METHODS[name].cost.forward_equivalents(TOKENS)) for name in spec.contenders if name not in without
    )
    return spec.limit * len(spec.sources) * of_a_prompt
