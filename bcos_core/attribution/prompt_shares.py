"""Where in a prompt a sum comes from: its words, what was written after it, the template around it, special tokens."""

from __future__ import annotations

from collections.abc import Collection

from bcos_core.attribution.frame import other_shares
from bcos_core.attribution.record import Attribution
from bcos_core.errors import InputError

PROMPT, WRITTEN, TEMPLATE, SPECIAL = "prompt", "written before", "template", "special tokens"


def prompt_shares(record: Attribution, *, special: Collection[int], prompt_tokens: int) -> dict[str, float]:
    """The parts of `record.sum`, each the sum of its tokens' scores; parts without a token are left out.

    Args:
        special: numbers of the tokenizer's special tokens (`all_special_ids`).
        prompt_tokens: how many tokens were there before the model wrote: what follows is its own.

    Returns:
        "prompt": the words that were given; "written before": the words that the model had written after them;
        "template": words that a chat template has around messages; "special tokens": those of the tokenizer's own,
        wherever they stand. Then what belongs to no token, as `Attribution.to_frame` names it.

    Raises:
        InputError: a record of a classifier, which has no prompt.
    """
    if record.prompt is None:
        raise InputError("This record is of a classifier. Give one of a language model.")
    shares: dict[str, list[float]] = {part: [] for part in (PROMPT, WRITTEN, TEMPLATE, SPECIAL)}
    for place, (number, token, score) in enumerate(zip(record.prompt.ids, record.tokens, record.scores, strict=True)):
        if token.added:
            part = SPECIAL if number in special else TEMPLATE
        else:
            part = PROMPT if place < prompt_tokens else WRITTEN
        shares[part].append(score)
    return {part: float(sum(scores)) for part, scores in shares.items() if scores} | other_shares(record)
