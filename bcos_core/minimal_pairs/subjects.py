"""Under which names what minimal pairs have shown of one language model is kept, so that it can be forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import BcosError
from bcos_core.evaluate.settled import explainer_subject
from bcos_core.minimal_pairs.spec import PairsSpec
from bcos_core.model.identity import folder_identity, model_subject
from bcos_core.model.info import CheckpointInfo, read_config
from bcos_core.storage.stored_spec import read_spec


def pairs_subjects(info: CheckpointInfo, asked: Iterable[Mapping[str, Any]] = ()) -> frozenset[str]:
    """The subjects (`bcos_core.storage.evidence`) of the model's own answers, of every method as it is at first, and of
    those that stored requests, `asked`, have given other options or another seed.

    Raises:
        CheckpointError: its folder cannot be read.
    """
    identity, length = folder_identity(info.path), read_config(info.path).position_limit
    wanted: list[tuple[Mapping[str, Mapping[str, Any]], int, tuple[str, ...]]] = [({}, 0, tuple(METHODS))]
    for stored in asked:
        with suppress(BcosError):  # one that cannot be read: nothing is known of what it has kept
            spec = read_spec(stored, PairsSpec, "These minimal pairs")
            wanted.append((spec.options, spec.seed, spec.contenders))
    return frozenset({model_subject(identity, length)}) | frozenset(
        explainer_subject(
            identity,
            length,
            METHODS[name],
            reference=reference,
            options=METHODS[name].checked_options(options.get(name, {})),
            seed=seed,
        )
        for options, seed, methods in wanted
        for name in methods
        for reference in METHODS[name].references or (None,)
    )
