"""Which models can be used, what is tested on each family, and which are refused: for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bcos_core.families import FAMILIES, Family
from bcos_core.families.refused import REFUSED

CHECKS = (
    "contributions, reference and biases add up to the logit, from 1 token to 512",
    "the frozen network is linear, and its matrix is the one that explains it",
    "padding on either side changes nothing",
    "with B = 1 and no biases it is the original",
    "a saved folder gives the same model back",
    "calibration and training",
    "decoders as language models: the same sums for the next token, converted and as they stand",
)
"""What is tested on tiny random models of every family (tests/families)."""


def listed_families() -> dict[str, Any]:
    """`{"families": [{"name", "title", "model_types", "kind", "requires", "weights"}…], "checks": […], "refused":
    {model type: reason}}`."""
    return {
        "families": [
            {
                "name": family.name,
                "title": family.title,
                "model_types": list(family.model_types),
                "kind": kind_of(family),
                "requires": [asdict(needed) for needed in family.requires],
                "weights": family.weights,
            }
            for family in FAMILIES.values()
        ],
        "checks": list(CHECKS),
        "refused": dict(REFUSED),
    }


def kind_of(family: Family) -> str:
    return "decoder" if family.decoder else "encoder"
