"""NormXLogit: worked out by hand, as the authors' code has it, and refused where it is not defined."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from bcos_core import explain
from bcos_core.errors import InputError
from bcos_core.home import Home
from bcos_core.model import head_on_top
from bcos_core.model.classifier import Classifier, load
from bcos_core.model.language_model import LanguageModel, wrap
from tests.tiny_language_model import language_model, network, tokenizer
from tests.tiny_pair import save_pair

PROMPT = "The keys to the old cabinet"


def by_hand() -> LanguageModel:
    """A Llama whose blocks add nothing to what they read: the last hidden state is the embedding over its root mean
    square. Every word is (0, 0, 0, 0 …), but for " keys" (3, 4, 0 …) and " old" (0, 0, 6, 8, 0 …)."""
    model = network()
    keys, old, mary, john = (ids(word) for word in (" keys", " old", " Mary", " John"))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.fill_(float("norm" in name))
        words = model.get_input_embeddings().weight
        words[keys, :2] = torch.tensor([3.0, 4.0])
        words[old, 2:4] = torch.tensor([6.0, 8.0])
        model.lm_head.weight[mary, :3] = torch.tensor([2.0, 0.0, -1.0])
        model.lm_head.weight[john, 1] = 1.0
    return wrap(model, tokenizer(), name="by hand")


def ids(word: str) -> int:
    (first, *_) = tokenizer()(word, add_special_tokens=False)["input_ids"]
    return int(first)


def test_a_score_is_the_length_of_the_embedding_times_the_logit_at_the_token() -> None:
    model = by_hand()
    record = explain(model, "The keys old", method="normxlogit", target=" Mary")
    # (3, 4, 0, …) has the length 5 and, of 16 numbers, the root mean square 5 / 4: its first number becomes 12 / 5, and
    # the logit 24 / 5. (0, 0, 6, 8, …): length 10, root mean square 10 / 4, third number 12 / 5, logit −12 / 5.
    expected = {" keys": 5 * 24 / 5, " old": 10 * -12 / 5}
    for token, score in zip(record.tokens, record.scores, strict=True):
        written = record.text[token.start : token.end] if not token.added else ""
        assert score == pytest.approx(expected.get(written, 0.0), abs=1e-4)
    assert {record.text[one.start : one.end] for one in record.tokens if not one.added} >= set(expected)
    assert record.logit == pytest.approx(-12 / 5, abs=1e-4)  # the last token's is the model's own
    rather = explain(model, "The keys old", method="normxlogit", target=" Mary", minus=" John")
    assert rather.scores[-1] == pytest.approx(10 * -12 / 5, abs=1e-4)
    (keys,) = [s for t, s in zip(rather.tokens, rather.scores, strict=True) if t.start == 3]
    assert keys == pytest.approx(5 * (24 / 5 - 16 / 5), abs=1e-4)  # John's logit there: 4 / (5 / 4)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_next_tokens_are_as_in_the_authors_code(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """hidden_states[0], positions included, and the head on hidden_states[-1], by transformers alone."""
    record = explain(language_model(kind), PROMPT, method="normxlogit", target=" Mary", minus=" John")
    assert record.prompt is not None
    with torch.no_grad():
        output = network(kind)(input_ids=torch.tensor([record.prompt.ids]), output_hidden_states=True)
    norms = output.hidden_states[0][0].norm(dim=-1)
    at_tokens = output.logits[0, :, ids(" Mary")] - output.logits[0, :, ids(" John")]
    np.testing.assert_allclose(record.scores, (norms * at_tokens).tolist(), atol=1e-4)
    assert (record.cost.forward, record.cost.backward) == (1, 0)
    assert record.scores[-1] == pytest.approx(record.logit * float(norms[-1]), rel=1e-4)
    monkeypatch.setattr(head_on_top, "LOGITS_AT_ONCE", 1)  # a long prompt, whose logits are had in parts
    again = explain(language_model(kind), PROMPT, method="normxlogit", target=" Mary", minus=" John")
    np.testing.assert_allclose(again.scores, record.scores, atol=1e-5)


def test_classes_are_as_in_the_authors_code(pair: dict[str, Classifier]) -> None:
    """Pooler and classifier on each token alone; and nothing on padding."""
    model = pair["conventional"]
    texts = ["A charming film.", "It is far too long for what it has to say."]
    for record in explain(model, texts, method="normxlogit", target=2):
        inputs = model.tokenizer(record.text, return_tensors="pt")
        with torch.no_grad():
            output = model.model(**inputs, output_hidden_states=True)
            for place, score in enumerate(record.scores):
                state = output.hidden_states[-1][:, place : place + 1]
                logit = model.model.classifier(model.model.bert.pooler(state))[0, 2]
                assert score == pytest.approx(float(output.hidden_states[0][0, place].norm() * logit), abs=1e-4)
        assert record.scores[0] == pytest.approx(record.logit * float(output.hidden_states[0][0, 0].norm()), rel=1e-4)
        assert math.isfinite(sum(record.scores)) and len(record.scores) == len(record.tokens)


def test_a_score_is_refused_and_the_methods_for_it_are_named(home: Home) -> None:
    paths: tuple[Path, Path] = save_pair(home, kind="regression")
    for path in paths:
        with pytest.raises(
            InputError, match=r"NormXLogit cannot explain .* defined for one label, .*next token"
        ) as caught:
            explain(load(path), "A charming film.", method="normxlogit")
        assert "occlusion" in str(caught.value) and "reagent" not in str(caught.value)
