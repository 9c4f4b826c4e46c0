"""A record written by hand, so that what is drawn can be checked against plain numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bcos_core.attribution.record import Attribution, Cost, Target, Token

# "Not bad." cut into tokens; text 0.5 − 2.0 + 0.25 + 0.25, added tokens 0.1 + 0.2, reference 1.0: the sum is 0.3.
RECORD = Attribution(
    text="Not bad.",
    tokens=(
        Token("[CLS]", None, None),
        Token("not", 0, 3),
        Token("ba", 4, 6),
        Token("##d", 6, 7),
        Token(".", 7, 8),
        Token("[SEP]", None, None),
    ),
    scores=(0.1, 0.5, -2.0, 0.25, 0.25, 0.2),
    method="bcos",
    parameters={"reference": "mask"},
    target=Target(1, "positive"),
    logit=0.3,
    reference_share=1.0,
    bias_share=0.0,
    additive=True,
    logits=(-0.2, 0.3),
    probabilities=(0.3775, 0.6225),
    labels=("negative", "positive"),
    model="tiny",
    weights_hash="0",
    cost=Cost(1, 1, 0.018),
)


def record(**changes: Any) -> Attribution:
    return replace(RECORD, **changes)


def of_one_token(text: str, **changes: Any) -> Attribution:
    """The whole text as one token that scores 1."""
    return record(
        text=text, tokens=(Token(text, 0, len(text)),), scores=(1.0,), logit=1.0, reference_share=0.0, **changes
    )


# The same record over three seeds, whose scores have RECORD's as their mean. Under each seed "bad" adds up to −1.5,
# −1.75 and −2.0, though "ba" alone varies by 1 and "##d" by 0.75; "Not" is between −0.5 and 1.5.
SEEDED = record(
    method="shapley",
    seeds=(0, 1, 2),
    seed_scores=(
        (0.1, -0.5, -1.0, -0.5, 0.25, 0.2),
        (0.1, 0.5, -2.0, 0.25, 0.25, 0.2),
        (0.1, 1.5, -3.0, 1.0, 0.25, 0.2),
    ),
)
FAILED = record(scores=(0.1, 0.5, float("nan"), 0.25, 0.25, 0.2))
