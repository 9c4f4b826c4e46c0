"""B-cos language models: conversion, exact contributions, and post-hoc methods to compare them with.

Seven names are the public entry points; each is imported when it is first used, so that `import bcos_core`
is cheap:

    convert(model, b=1.5)           a pretrained classifier or language model → its B-cos version
    calibrate(converted, original, …)  refit the converted layers to the original's function
    load(path)                      a checkpoint folder → a Classifier, or a LanguageModel
    explain(model, texts, …)        texts, or prompts → Attribution records
    components(model, record)       what explain gives → the same sum by layers, heads and words
    pair(first, second)             two texts → one, for a model that reads them together
    Attribution                     what explain gives: shown by a notebook, a table by `to_frame()`
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bcos_core.attribution.api import explain as explain
    from bcos_core.attribution.components import components as components
    from bcos_core.attribution.record import Attribution as Attribution
    from bcos_core.model.calibrate import calibrate as calibrate
    from bcos_core.model.convert import convert as convert
    from bcos_core.model.load import load as load
    from bcos_core.text.pair import pair as pair

__version__ = "0.1.0"
__all__ = ["Attribution", "calibrate", "components", "convert", "explain", "load", "pair"]

_HOMES = {
    "convert": "bcos_core.model.convert",
    "calibrate": "bcos_core.model.calibrate",
    "load": "bcos_core.model.load",
    "explain": "bcos_core.attribution.api",
    "components": "bcos_core.attribution.components",
    "pair": "bcos_core.text.pair",
    "Attribution": "bcos_core.attribution.record",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'bcos_core' has no attribute {name!r}")
