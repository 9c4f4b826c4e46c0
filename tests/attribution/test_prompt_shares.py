"""Where a sum comes from, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bcos_core import explain
from bcos_core.attribution.prompt_shares import prompt_shares
from bcos_core.attribution.record import Attribution
from bcos_core.errors import InputError
from bcos_core.model.generate import generate
from tests.tiny_language_model import language_model, tokenizer

CHAT = [{"role": "user", "content": "The keys?"}]


def answered(kind: str = "llama") -> tuple[Attribution, int]:
    model = language_model(kind)
    steps = list(generate(model, CHAT, max_tokens=4, stop=()))
    return explain(model, steps[-1].prefix, target=steps[-1].token), len(steps[0].prefix)


def test_every_token_is_in_one_part() -> None:
    record, prompt = answered()
    assert record.prompt is not None
    special = set(tokenizer().all_special_ids)
    counted = replace(record, scores=tuple(float(10**place) for place in range(len(record.scores))))
    by_hand = {"prompt": 0.0, "written before": 0.0, "template": 0.0, "special tokens": 0.0}
    for place, (number, token) in enumerate(zip(record.prompt.ids, record.tokens, strict=True)):
        if number in special:
            part = "special tokens"
        elif token.start is None:
            part = "template"
        elif place >= prompt:
            part = "written before"
        else:
            part = "prompt"
        by_hand[part] += 10.0**place
    assert prompt_shares(counted, special=special, prompt_tokens=prompt) == by_hand
    assert all(by_hand.values())


def test_biases_have_a_part_and_all_parts_add_up() -> None:
    record, prompt = answered("gpt2")
    parts = prompt_shares(record, special=tokenizer().all_special_ids, prompt_tokens=prompt)
    assert parts["biases"] == record.bias_share
    assert sum(parts.values()) == pytest.approx(record.logit, abs=1e-4)


def test_a_classifier_has_no_prompt() -> None:
    record, _ = answered()
    with pytest.raises(InputError, match="classifier"):
        prompt_shares(replace(record, prompt=None), special=(), prompt_tokens=1)
