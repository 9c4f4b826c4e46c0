"""Under which names what was measured about one model is kept, so that it can be counted and forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bcos_core.attribution.references import REFERENCE_TOKENS
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import BcosError
from bcos_core.evaluate.plan import MOVES, RADIUS, SETS_OF_A_TEXT, SOFT_DRAWS
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.evaluate.settled import explainer_subject, settled
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.model.identity import folder_identity, model_subject
from bcos_core.model.info import CheckpointInfo, read_config
from bcos_core.storage.content import name_of
from bcos_core.storage.stored_spec import read_spec

EXPLANATION, POINTING = "explanation", "pointing"
"""Kinds of what is measured of a method on a model; those below, too."""


def curves_kind(removal: str) -> str:
    """Of what the model says of texts without their top tokens."""
    return f"curves:{removal}"


def steps_kind(removal: str) -> str:
    """Of what the model says of texts at every single removal."""
    return f"steps:{removal}"


def moves_kind(seed: int) -> str:
    """Of how far scores move with the words."""
    return f"sensitivity:{RADIUS:g}:{MOVES}:{seed}"


def singles_kind(removal: str) -> str:
    """Of what the model says of texts without each token alone: one thing for all methods. So are the next two."""
    return f"leave_one_out:{removal}"


def sets_kind(removal: str, seed: int) -> str:
    """Of what the model says of texts without random sets of tokens."""
    return f"sets:{removal}:{SETS_OF_A_TEXT}:{seed}"


def soft_kind(evidence: str, seed: int) -> str:
    """Of what the model says of texts with parts of their words; `evidence` says how much of each is kept."""
    return f"{evidence}:{SOFT_DRAWS}:{seed}"


def limits_kind(removal: str, probability: str, width: int) -> str:
    """Of the limits of any order of removals, by `limits_item`."""
    return f"limits:{removal}:{probability}:{width}"


def limits_item(text: str, target: int) -> str:
    """Under which item the limits of a text are kept, where `target` is explained."""
    return name_of([text, target])


def subjects_of(info: CheckpointInfo, evaluations: Iterable[Mapping[str, Any]] = ()) -> frozenset[str]:
    """The subjects (`bcos_core.storage.evidence`) of a model's own answers, of every method as it is at first, and of
    those that stored `evaluations` have asked for in another way.

    Raises:
        CheckpointError: its folder cannot be read.
    """
    identity = folder_identity(info.path)
    lengths = {info.max_length, read_config(info.path).position_limit}
    found = {model_subject(identity, length) for length in lengths}
    asked = [({}, 0, tuple(METHODS), tuple(REMOVALS)), *filter(None, map(_asked, evaluations))]
    for options, seed, methods, removals in asked:
        for name in methods:
            for removal in removals:
                method, given = METHODS[name], options.get(name, {})
                wanted = {REMOVALS[removal].reference_with(tokens) for tokens in (REFERENCE_TOKENS, ())}
                for reference, chosen in (settled(method, reference=one, options=given) for one in wanted):
                    found |= {
                        explainer_subject(identity, length, method, reference=reference, options=chosen, seed=seed)
                        for length in lengths
                    }
    return frozenset(found)


def _asked(
    stored: Mapping[str, Any],
) -> tuple[Mapping[str, Mapping[str, Any]], int, tuple[str, ...], tuple[str, ...]] | None:
    """Options, seed, methods and removals of a stored evaluation; None where it cannot be read: nothing is known of
    what it has kept."""
    try:
        spec = read_spec(stored, EvaluationSpec, "This evaluation")
    except BcosError:
        return None
    return spec.options, spec.seed, spec.contenders, (spec.removal,)
