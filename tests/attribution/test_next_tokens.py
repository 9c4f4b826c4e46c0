"""The next token explained: what is asked, what a record keeps of a vocabulary, and that it can be asked again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from bcos_core import Attribution, convert, explain
from bcos_core.attribution.registry import METHODS
from bcos_core.attribution.rerun import rerun
from bcos_core.attribution.strike import strike
from bcos_core.errors import InputError, TextError
from bcos_core.model.language_model import LanguageModel, wrap
from bcos_core.text.prompt import encode_prompt
from tests.built_tokenizers import tiny_classifier
from tests.tiny_language_model import LIMIT, language_model, network, tokenizer

PROMPT = "The keys to the old cabinet"
CHAT = [{"role": "user", "content": "The keys?"}, {"role": "assistant", "content": "The old keys"}]


@pytest.fixture(scope="module")
def llama() -> LanguageModel:
    return language_model()


@pytest.fixture(scope="module")
def converted() -> LanguageModel:
    return wrap(convert(network(), b=1.1), tokenizer(), name="converted")


def own_logits(model: LanguageModel, ids: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """By transformers' own forward pass, in float64."""
    stock: Any = type(model.model).__mro__[2]
    with torch.no_grad():
        return stock.forward(model.model, input_ids=torch.tensor([ids])).logits[0, -1].double().numpy()


def test_the_likeliest_token_is_explained_and_its_logit_is_the_sum(llama: LanguageModel) -> None:
    record = explain(llama, PROMPT)
    ids = (0, *tokenizer()(PROMPT, add_special_tokens=False)["input_ids"])
    logits = own_logits(llama, ids)
    assert record.prompt is not None
    assert record.prompt.ids == ids  # opened, and not closed, since it is to go on
    assert record.target.index == logits.argmax()
    assert record.logit == pytest.approx(logits.max(), abs=1e-5)
    assert record.completeness_error < 1e-5
    assert (record.method, record.parameters) == ("pullback", {"reference": "none"})
    assert record.tokens[0].added
    assert record.scores[0] == pytest.approx(record.added_share)


def test_of_equal_logits_one_is_explained_and_kept() -> None:
    """A head of zeros: 380 tokens as likely as each other, of which a record keeps ten."""
    model = network()
    with torch.no_grad():
        model.get_submodule("lm_head").weight.zero_()
    record = explain(wrap(model, tokenizer(), name="undecided"), PROMPT)
    assert record.prompt is not None and record.target.index in record.prompt.outputs
    assert record.labels[record.place] == record.target.label
    assert record.logit == 0 and not record.failed
    assert record.probabilities[record.place] == pytest.approx(1 / len(tokenizer()))


@pytest.mark.parametrize("question", [{}, {"target": " Mary"}, {"target": " Mary", "minus": " John"}])
def test_logits_that_are_no_numbers_fail_the_record(question: dict[str, str]) -> None:
    """Of weights that are all finite, and so large that attention overflows; and of one logit alone that is none,
    which is among the tokens that a record keeps or is not."""
    overflowing = network()
    with torch.no_grad():
        for name in ("q_proj", "k_proj"):
            overflowing.get_submodule(f"model.layers.0.self_attn.{name}").weight.mul_(1e25)
    record = explain(wrap(overflowing, tokenizer(), name="overflowing"), PROMPT, **question)
    assert record.failure == "The model's logits for this text are not finite numbers."
    one = network()
    with torch.no_grad():
        one.get_submodule("model.norm").weight.mul_(10)
        one.get_submodule("lm_head").weight[7] = torch.tensor([3e38, -3e38] * 8)
    assert np.isnan(own_logits(wrap(one, tokenizer(), name="one"), (0, 5))).sum() == 1
    record = explain(wrap(one, tokenizer(), name="one"), PROMPT, **question)
    assert record.failure == "The model's logits for this text are not finite numbers."


def test_a_record_keeps_a_few_tokens_with_their_probabilities_of_the_whole_vocabulary(llama: LanguageModel) -> None:
    record = explain(llama, PROMPT, target=" Mary", minus=" John")
    assert record.prompt is not None
    logits = own_logits(llama, record.prompt.ids)
    probabilities = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    mary, john = (tokenizer()(word, add_special_tokens=False)["input_ids"][0] for word in (" Mary", " John"))
    best = [int(one) for one in np.argsort(-logits)[:10]]
    assert record.prompt.outputs == tuple(dict.fromkeys([mary, john, *best]))
    assert record.prompt.vocabulary == len(tokenizer())
    kept = list(record.prompt.outputs)
    np.testing.assert_allclose(record.logits, logits[kept], atol=1e-5)
    np.testing.assert_allclose(record.probabilities, probabilities[kept], atol=1e-6)
    assert sum(record.probabilities) < 1
    assert record.labels[:2] == (" Mary", " John")
    assert record.target.title == "“ Mary” rather than “ John”"
    assert explain(llama, PROMPT, target="\n").target.title == "“⏎”"
    assert record.logit == pytest.approx(logits[mary] - logits[john], abs=1e-5)
    assert record.prediction.label == record.labels[kept.index(best[0])]
    assert record.prediction.probabilities[record.prediction.index] == pytest.approx(probabilities.max(), abs=1e-6)
    assert record.labels[record.place] == record.target.label


@pytest.mark.parametrize("method", [m.name for m in METHODS.values() if m.name != "decompx"])
def test_every_method_explains_a_next_token_and_is_asked_again(
    method: str, llama: LanguageModel, converted: LanguageModel
) -> None:
    model = converted if METHODS[method].needs_bcos else llama
    options = {name: 3 for name in ("samples", "steps", "copies") if name in METHODS[method].options}
    record = explain(model, PROMPT, method=method, target=" Mary", minus=" John", **options)
    assert len(record.scores) == len(record.tokens)
    assert not record.failed
    if METHODS[method].additive and method not in ("integrated_gradients", "gradient_shap"):  # coarse with so few steps
        assert record.completeness_error < 0.05
    stored = Attribution.from_dict(json.loads(record.to_json()))
    assert stored == record
    again = rerun(stored, model)
    assert again.matches
    assert again.differences == ()


def test_decompx_is_refused_by_name(llama: LanguageModel) -> None:
    with pytest.raises(InputError, match=r"DecompX cannot explain tiny llama\. Not for Llama"):
        explain(llama, PROMPT, method="decompx")
    with pytest.raises(InputError, match="B-cos contributions cannot explain tiny llama"):
        explain(llama, PROMPT, method="bcos")


def test_a_batch_of_prompts_answers_as_each_alone(llama: LanguageModel) -> None:
    prompts = [PROMPT, "Mary", "Then Mary and John went to the store. John gave a drink to"]
    together = explain(llama, prompts, target=" Mary", minus=" John")
    for prompt, record in zip(prompts, together, strict=True):
        alone = explain(llama, prompt, target=" Mary", minus=" John")
        np.testing.assert_allclose(record.scores, alone.scores, atol=1e-5)
        assert record.labels == alone.labels
    foils = explain(llama, prompts, minus=" John")
    for prompt, record in zip(prompts, foils, strict=True):
        assert record.target.index == explain(llama, prompt).target.index
        assert record.target.minus_label == " John"


def test_of_two_words_the_first_tokens_that_differ_are_compared(llama: LanguageModel) -> None:
    was, were = (tokenizer()(word, add_special_tokens=False)["input_ids"] for word in (" wasn't!", " weren't."))
    shared = next(n for n, both in enumerate(zip(was, were, strict=False)) if both[0] != both[1])
    record = explain(llama, PROMPT, target=" wasn't!", minus=" weren't.")
    plain = explain(llama, PROMPT)
    assert record.prompt is not None and plain.prompt is not None
    assert record.prompt.ids == (*plain.prompt.ids, *was[:shared])
    assert (record.target.index, record.target.minus) == (was[shared], were[shared])
    notes = " ".join(record.prompt.notes)
    assert f'" wasn\'t!" is {len(was)} tokens' in notes and "is compared" in notes
    assert ("Both begin with" in notes) == (shared > 0)
    assert record.text == PROMPT + "".join(map(llama.token_text, was[:shared]))
    (only,) = [note for note in explain(llama, PROMPT, target=" wasn't!").prompt.notes if "tokens (" in note]
    assert only.endswith(f"the first, {llama.token_text(was[0])!r}, is explained.")
    assert rerun(record, llama).matches


def test_what_both_words_begin_with_stands_at_the_end_of_the_prompt(llama: LanguageModel) -> None:
    record = explain(llama, PROMPT, target=" Mary.", minus=" Mary,")
    mary = tokenizer()(" Mary", add_special_tokens=False)["input_ids"]
    assert record.prompt is not None
    assert record.prompt.ids[-len(mary) :] == tuple(mary)
    assert record.target.title == ". rather than ,"
    assert record.text == f"{PROMPT} Mary"
    assert "Both begin with ' Mary', which stands at the end of the prompt." in record.prompt.notes


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"target": " Mary", "minus": " Mary"}, "' Mary' minus itself is 0"),
        ({"target": " Mary", "minus": " Mary."}, "one begins with the other"),
        ({"target": ""}, "expected some characters"),
        ({"target": 10_000}, "The token is 10000; expected one whole number from 0 to"),
        ({"target": True}, "The token is True"),
        ({"target": -1, "minus": " Mary"}, "The token is -1"),
        ({"reference": "mask"}, "no mask token"),
    ],
)
def test_what_cannot_be_asked_is_refused(question: dict[str, Any], said: str, llama: LanguageModel) -> None:
    with pytest.raises(InputError, match=said):
        explain(llama, PROMPT, **question)


def test_the_foil_may_not_be_the_models_own_answer(llama: LanguageModel) -> None:
    with pytest.raises(InputError, match="minus itself"):
        explain(llama, PROMPT, minus=explain(llama, PROMPT).target.index)


@pytest.mark.parametrize("prompt", ["", "  \n", [{"role": "user", "content": " "}], [{"content": "a"}], [PROMPT, ""]])
def test_an_empty_prompt_is_refused(prompt: Any, llama: LanguageModel) -> None:
    with pytest.raises(TextError):
        explain(llama, prompt)


@pytest.mark.parametrize("prompt", [None, 5, b"abc", {}, {"role": "user", "content": PROMPT}, [PROMPT, None], [[]]])
def test_what_is_no_prompt_is_refused(prompt: Any, llama: LanguageModel) -> None:
    """One message that stands in no list, too: its keys would be two prompts."""
    with pytest.raises(TextError, match="expected a text"):
        explain(llama, prompt)


def test_a_long_prompt_loses_its_front_and_says_so(llama: LanguageModel) -> None:
    text = "The keys and the store. " * 20 + PROMPT
    record = explain(llama, text)
    whole = (0, *tokenizer()(text, add_special_tokens=False)["input_ids"])
    assert record.prompt is not None
    assert record.prompt.ids == (0, *whole[-LIMIT + 1 :])  # what opens every text stays
    start = record.tokens[1].start
    assert record.truncated_at == start
    assert record.unread == ((0, start),)
    assert record.tokens[-1].end == len(text)
    said = f"the {LIMIT} that the model reads: its front is cut off, {start} characters of it."
    assert said in record.prompt.notes[0]
    assert record.completeness_error < 1e-5
    assert rerun(record, llama).matches
    assert len(explain(replace(llama, max_length=10), text).tokens) == 10


def test_of_a_conversation_the_template_is_stated_as_added(llama: LanguageModel) -> None:
    record = explain(llama, CHAT)
    assert record.text == "The keys?\n\nThe old keys"
    rendered = "<|start|>user\nThe keys?<|end|>\n<|start|>assistant\nThe old keys"  # goes on with the answer
    assert record.prompt is not None
    assert record.prompt.ids == tuple(tokenizer()(rendered, add_special_tokens=False)["input_ids"])
    ordinary = "".join(record.text[token.start : token.end] for token in record.tokens if not token.added)
    assert ordinary == "The keys?The old keys"
    added = sum(score for token, score in zip(record.tokens, record.scores, strict=True) if token.added)
    assert record.added_share == pytest.approx(added)
    assert record.completeness_error < 1e-5
    asked = explain(llama, CHAT[:1])
    assert asked.prompt is not None
    assert tokenizer().decode(asked.prompt.ids).endswith("<|end|>\n<|start|>assistant\n")
    several = explain(llama, [CHAT, PROMPT])
    assert several[0].scores == pytest.approx(record.scores, abs=1e-5)


def test_a_message_that_the_template_says_too_is_found_where_it_stands(llama: LanguageModel) -> None:
    record = explain(llama, [{"role": "user", "content": "user"}])
    names = [token.text for token in record.tokens]
    first = next(place for place, token in enumerate(record.tokens) if not token.added)
    assert record.tokens[first].start == 0
    assert "".join(names[:first]).endswith("Ċ")  # behind the role


def test_what_was_not_trained_is_said(llama: LanguageModel, converted: LanguageModel) -> None:
    (note,) = explain(llama, PROMPT).prompt.notes
    assert note.startswith("tiny llama was not converted: it has no biases") and "B = 1" in note
    assert not llama.has_biases
    gpt2 = language_model("gpt2")
    assert gpt2.has_biases
    record = explain(gpt2, PROMPT)
    (note,) = record.prompt.notes
    assert "biases have a share" in note
    assert record.bias_share != 0
    assert record.completeness_error < 1e-4
    record = explain(converted, PROMPT)
    assert (record.method, record.prompt.notes, record.bias_share) == ("bcos", (), 0)
    assert explain(llama, PROMPT, method="saliency").prompt.notes == ()


def test_striking_a_word_of_the_prompt_is_measured_on_the_same_token(llama: LanguageModel) -> None:
    record = explain(llama, PROMPT, method="occlusion", target=" Mary", minus=" John")
    result = strike(llama, record, [(4, 8)])
    assert result.actual_change == pytest.approx(result.predicted_change, abs=1e-4)  # occlusion is that very change
    ids = list(record.prompt.ids)
    for place, token in enumerate(record.tokens):
        if not token.added and token.start < 8 and token.end > 4:
            ids[place] = tokenizer().pad_token_id
    logits = own_logits(llama, tuple(ids))
    assert result.logit == pytest.approx(logits[record.target.index] - logits[record.target.minus], abs=1e-5)
    probabilities = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    np.testing.assert_allclose(result.probabilities, probabilities[list(record.prompt.outputs)], atol=1e-6)


def test_a_record_of_another_model_or_kind_is_not_asked(llama: LanguageModel) -> None:
    record = explain(llama, PROMPT)
    with pytest.raises(InputError, match="is of a language model, and wordpiece is a classifier"):
        rerun(record, tiny_classifier("wordpiece"))
    renamed = replace(record, tokens=(replace(record.tokens[0], text="<other>"), *record.tokens[1:]))
    with pytest.raises(InputError, match="calls by other names"):
        rerun(renamed, llama)


@pytest.mark.parametrize(
    "change",
    [
        {"ids": [1]},
        {"outputs": [0]},
        {"vocabulary": 3},
        None,
    ],
)
def test_a_stored_record_whose_numbers_do_not_fit_is_refused(change: Any, llama: LanguageModel) -> None:
    stored = json.loads(explain(llama, PROMPT).to_json())
    stored["prompt"] = None if change is None else stored["prompt"] | change
    with pytest.raises(InputError, match="not as it should be"):
        Attribution.from_dict(stored)


def test_a_record_of_a_classifier_is_stored_as_it_was_before_there_were_others() -> None:
    assert "prompt" not in explain(tiny_classifier("wordpiece"), "A charming film").to_dict()


def test_records_are_drawn(llama: LanguageModel) -> None:
    record = explain(llama, PROMPT, target=" Mary", minus=" John")
    html = record._repr_html_()
    assert "Mary" in html and "cabinet" in html
    frame = record.to_frame()
    assert frame["score"].sum() == pytest.approx(record.logit, abs=1e-5)


def test_a_prompt_that_was_read_is_not_read_otherwise(llama: LanguageModel) -> None:
    read = encode_prompt(llama.tokenizer, PROMPT, LIMIT)
    assert explain(llama, read).prompt.ids == read.ids


@pytest.mark.parametrize("method", [m.name for m in METHODS.values() if m.name != "decompx"])
def test_of_a_conversation_that_is_cut_down_to_its_template_nothing_is_scored(
    method: str, llama: LanguageModel, converted: LanguageModel
) -> None:
    model = replace(converted if METHODS[method].needs_bcos else llama, max_length=3)
    options = {name: 3 for name in ("samples", "steps", "copies") if name in METHODS[method].options}
    record = explain(model, CHAT[:1], method=method, **options)
    assert len(record.tokens) == 3 and all(token.added for token in record.tokens)
    assert not record.failed
    assert "its front is cut off" in record.prompt.notes[0]
