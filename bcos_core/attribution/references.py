"""What the tokens of a text are compared with: named, so that methods that ask the same can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# References that are a token of the tokenizer at every position. The others are E = 0: a B-cos network without a
# reference measures against nothing, which is the same question as a baseline of zeros.
REFERENCE_TOKENS = ("mask", "pad")
NOTHING = "none"
REFERENCES = {
    "mask": "the mask token at every position",
    "pad": "the padding token at every position",
    NOTHING: "nothing",
    "zero": "nothing: embeddings of zero",
}


def tokens_of(tokenizer: PreTrainedTokenizerBase) -> tuple[str, ...]:
    """Those of `REFERENCE_TOKENS` that a tokenizer has; a decoder's often has no mask token, and some have none."""
    return tuple(name for name in REFERENCE_TOKENS if getattr(tokenizer, f"{name}_token_id") is not None)


def same_reference(one: str | None, other: str | None) -> bool:
    """Whether two references ask the same; a method without one (None) asks about the text alone, and fits all."""
    return one is None or other is None or one == other or {one, other} == {"none", "zero"}
