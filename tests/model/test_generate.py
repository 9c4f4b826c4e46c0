"""What a language model writes, with a cache, is what it says without one; and each token can be explained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bcos_core import convert, explain
from bcos_core.errors import InputError, TextError
from bcos_core.model.generate import generate
from bcos_core.model.language_model import LanguageModel, wrap
from bcos_core.model.next_token import next_logits
from bcos_core.text.prompt import encode_prompt, extended
from bcos_core.text.units import token_units
from bcos_core.wanted import GivenUp, until
from tests.built_tokenizers import tiny_classifier
from tests.tiny_language_model import LIMIT, language_model, network, tokenizer

PROMPT = "The keys to the old cabinet"
MODELS = {
    "llama": lambda: language_model(),
    "gpt2": lambda: language_model("gpt2"),
    "converted": lambda: wrap(convert(network(), b=1.1), tokenizer(), name="converted"),
    "converted gpt2": lambda: wrap(convert(network("gpt2"), b=1.1), tokenizer(), name="converted gpt2"),
}


@pytest.fixture(scope="module")
def llama() -> LanguageModel:
    return language_model()


@pytest.mark.parametrize("kind", list(MODELS))
def test_with_a_cache_every_step_has_the_logits_that_it_has_without(kind: str) -> None:
    model = MODELS[kind]()
    steps = list(generate(model, PROMPT, max_tokens=12, stop=()))
    assert len(steps) == 12
    for step in steps:
        logits = next_logits(model, [step.prefix])[0].double()
        kept = list(step.alternatives.ids)
        np.testing.assert_allclose(step.alternatives.logits, logits[kept], atol=1e-5)
        np.testing.assert_allclose(step.alternatives.probabilities, logits.softmax(0)[kept], atol=1e-6)
        assert step.token == step.alternatives.ids[0] == logits.argmax()
        assert (step.logit, step.probability) == (step.alternatives.logits[0], step.alternatives.probabilities[0])
    assert [step.end for step in steps] == [None] * 11 + ["length"]


def finished(text: str) -> str:
    """Without the bytes at its end that are no character yet."""
    return text.rstrip("\ufffd")


def test_greedily_it_writes_what_transformers_writes(llama: LanguageModel) -> None:
    stock: Any = network()  # which nobody has made to pool
    read = encode_prompt(tokenizer(), PROMPT, LIMIT)
    wanted = stock.generate(
        torch.tensor([read.ids]), max_new_tokens=8, do_sample=False, eos_token_id=None, pad_token_id=1
    )[0, len(read) :]
    steps = list(generate(llama, PROMPT, max_tokens=8, stop=()))
    assert [step.token for step in steps] == wanted.tolist()
    assert steps[-1].prefix.ids == (*read.ids, *wanted[:-1].tolist())
    assert steps[-1].prefix.text == tokenizer().decode(steps[-1].prefix.ids, skip_special_tokens=True)
    assert finished(steps[-1].prefix.text) == finished(PROMPT + "".join(step.text for step in steps[:-1]))


def test_each_step_is_explained_from_what_stood_before_it(llama: LanguageModel) -> None:
    for step in generate(llama, PROMPT, max_tokens=4, stop=()):
        record = explain(llama, step.prefix, target=step.token, minus=step.alternatives.ids[1])
        assert record.prompt is not None
        assert record.prompt.ids == step.prefix.ids
        assert record.logits[0] == pytest.approx(step.logit, abs=1e-5)
        assert record.logit == pytest.approx(step.logit - step.alternatives.logits[1], abs=1e-4)
        assert record.completeness_error < 1e-5


def test_an_answer_in_a_conversation_begins_anew(llama: LanguageModel) -> None:
    asked = [{"role": "user", "content": "The keys?"}]
    first, second, *_ = generate(llama, asked, max_tokens=3, stop=())
    assert first.prefix.text == "The keys?"
    assert finished(second.prefix.text) == f"The keys?\n\n{finished(first.text)}"
    record = explain(llama, second.prefix, target=second.token)
    assert record.prompt is not None
    assert record.prompt.ids == (*first.prefix.ids, first.token)
    token = record.tokens[-1]
    assert finished(record.text[token.start : token.end]) == finished(first.text)
    (stopped,) = generate(llama, asked, stop=(first.token,), max_tokens=1)
    assert stopped.end == "stop"


def test_a_seed_repeats_its_text_and_temperature_varies_it(llama: LanguageModel) -> None:
    def tokens(**options: Any) -> list[int]:
        return [step.token for step in generate(llama, PROMPT, max_tokens=10, stop=(), **options)]

    assert tokens(temperature=1.0, seed=3) == tokens(temperature=1.0, seed=3)
    assert tokens(temperature=1.0, seed=3) != tokens(temperature=1.0, seed=4)
    assert tokens(temperature=1e-4, seed=3) == tokens()


def test_tokens_are_drawn_as_often_as_they_are_likely(llama: LanguageModel) -> None:
    logits = next_logits(llama, [encode_prompt(tokenizer(), "Mary", LIMIT)])[0].double()
    wanted = (logits / 0.7).softmax(0).numpy()
    drawn = [next(generate(llama, "Mary", temperature=0.7, seed=seed)).token for seed in range(400)]
    best = int(wanted.argmax())
    share, error = drawn.count(best) / 400, (wanted[best] * (1 - wanted[best]) / 400) ** 0.5
    assert abs(share - wanted[best]) < 4 * error


def test_it_ends_at_a_stop_token_and_where_the_context_is_full(llama: LanguageModel) -> None:
    first, second, *_ = generate(llama, PROMPT, max_tokens=3, stop=())
    (only,) = generate(llama, PROMPT, stop=(first.token,))
    assert (only.token, only.end) == (first.token, "stop")
    assert [step.end for step in generate(llama, PROMPT, stop=(second.token,))] == [None, "stop"]
    *_, last = steps = list(generate(llama, "The keys and the store. " * 3, max_tokens=500, stop=()))
    assert last.end == "context"
    assert len(last.prefix) == LIMIT
    assert len(steps) == LIMIT - len(steps[0].prefix) + 1
    assert llama.stop_ids == (2,)


def test_it_ends_when_nobody_wants_it_any_more(llama: LanguageModel) -> None:
    steps = generate(llama, PROMPT, max_tokens=20, stop=())
    seen: list[int] = []
    with pytest.raises(GivenUp), until(lambda: len(seen) == 3):
        for step in steps:
            seen.append(step.token)
    assert len(seen) == 3
    assert torch.is_grad_enabled()


def test_it_leaves_the_model_as_it_was(llama: LanguageModel) -> None:
    before = {name: parameter.clone() for name, parameter in llama.model.named_parameters()}
    llama.model.train()
    list(generate(llama, PROMPT, max_tokens=3))
    assert llama.model.training
    llama.model.eval()
    assert all(torch.equal(parameter, before[name]) for name, parameter in llama.model.named_parameters())


def test_the_tokens_of_one_character_all_stand_for_it() -> None:
    read = encode_prompt(tokenizer(), "Mary", LIMIT)
    ids = [tokenizer().convert_tokens_to_ids(one) for one in ("ð", "Ł", "ĺ", "Ģ")]
    for parts in ([ids], [[one] for one in ids], [ids[:2], ids[2:]]):
        longer = read
        for some in parts:
            longer = extended(tokenizer(), longer, some)
        assert longer.text == "Mary😀"
        spans = [(token.start, token.end) for token in longer.tokens[-4:]]
        assert spans == [(4, 5), (4, 5), (4, 5), (4, 5)]
    closed = extended(tokenizer(), read, [2])
    assert (closed.text, closed.tokens[-1].added) == ("Mary", True)


def test_bytes_that_are_no_character_have_a_place_of_their_own() -> None:
    read = encode_prompt(tokenizer(), "Mary", LIMIT)
    half = [tokenizer().convert_tokens_to_ids(one) for one in ("ð", "Ł")]
    longer = extended(tokenizer(), read, half)
    assert longer.text == "Mary\ufffd"
    last = token_units(longer.text, longer.tokens)[-1]
    assert (last.start, last.end, last.positions) == (4, 5, (len(read), len(read) + 1))
    [keys] = tokenizer()(" keys", add_special_tokens=False)["input_ids"]
    broken = extended(tokenizer(), longer, [keys])
    assert broken.text == "Mary\ufffd keys"
    assert [(token.start, token.end) for token in broken.tokens[-3:]] == [(4, 5), (4, 5), (5, 10)]
    closed = extended(tokenizer(), longer, [2])
    assert closed.text == "Mary\ufffd" and closed.tokens[-1].added


def test_a_mark_that_a_person_typed_for_such_bytes_stays_as_it_is() -> None:
    read = encode_prompt(tokenizer(), "Mary \ufffd", LIMIT)
    [keys] = tokenizer()(" keys", add_special_tokens=False)["input_ids"]
    longer = extended(tokenizer(), read, [keys])
    assert longer.text == "Mary \ufffd keys"
    assert longer.tokens[:-1] == read.tokens and (longer.tokens[-1].start, longer.tokens[-1].end) == (6, 11)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_tokens": 0}, "max_tokens is 0"),
        ({"temperature": -1}, "temperature is -1"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"seed": -1}, "seed is -1"),
        ({"top": 0}, "top is 0"),
    ],
)
def test_numbers_out_of_range_are_refused_at_once(options: dict[str, Any], said: str, llama: LanguageModel) -> None:
    with pytest.raises(InputError, match=said):
        generate(llama, PROMPT, **options)
    with pytest.raises(TextError, match="empty"):
        generate(llama, " ")


def test_a_word_that_starts_with_a_space_keeps_it(llama: LanguageModel) -> None:
    (token,) = llama.ids_of(" Mary")
    assert llama.token_text(token) == " Mary"
    assert llama.token_text(0) == "<s>"
    assert llama.token_text(llama.vocabulary + 5) == f"<{llama.vocabulary + 5}>"


@pytest.mark.parametrize("stop", ["</s>", 2, (2.5,), (10**6,), (-1,), (None,)])
def test_what_is_no_token_to_stop_at_is_refused(stop: Any) -> None:
    with pytest.raises(InputError, match="stop"):
        generate(language_model(), "The keys", stop=stop)


def test_a_classifier_writes_nothing() -> None:
    model: Any = tiny_classifier("wordpiece")
    with pytest.raises(InputError, match="is a classifier, which writes nothing"):
        generate(model, "The keys")


@pytest.mark.parametrize("temperature", [1e-300, 1e-320, 5e-324])
def test_next_to_no_temperature_is_none(temperature: float, llama: LanguageModel) -> None:
    drawn = [step.token for step in generate(llama, PROMPT, max_tokens=5, temperature=temperature, seed=3)]
    assert drawn == [step.token for step in generate(llama, PROMPT, max_tokens=5)]
