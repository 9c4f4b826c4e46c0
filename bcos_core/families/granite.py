"""Granite (IBM 2024): Llama's blocks; what attention and feed-forward layer give is multiplied by a constant before it
is added. transformers has no sequence classifier of it: `bcos_core.model.auto` makes one of its generic parts."""

from dataclasses import replace

from bcos_core.families.llama import LLAMA_LIKE
from bcos_core.families.olmo2 import OLMO2

GRANITE = replace(
    LLAMA_LIKE,
    name="granite",
    title="Granite",
    model_types=("granite",),
    steps=OLMO2.steps,
    logits_divided_by="logits_scaling",
)
