"""What may be asked of a method: references, units, options; and what is said to anything else."""

from __future__ import annotations

import pytest
import torch
from captum.attr import IntegratedGradients

from bcos_core import explain
from bcos_core.attribution.aggregation import word_scores
from bcos_core.attribution.references import REFERENCES, same_reference
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError, UnknownNameError
from bcos_core.model.classifier import Classifier

TEXT = "An unforgettably charming film."


def logit(classifier: Classifier, ids: torch.Tensor, target: int) -> float:
    with torch.no_grad():
        return classifier.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, target].item()


def test_occlusion_of_words_removes_all_their_tokens_at_once(pair: dict[str, Classifier]) -> None:
    classifier = pair["bcos"]
    record = explain(classifier, TEXT, method="occlusion", unit="word", target=0)
    words = word_scores(record)
    assert len(words) < sum(not token.added for token in record.tokens)
    ids = classifier.tokenizer(TEXT, return_tensors="pt").input_ids
    for word in words:
        without = ids.clone()
        for position, token in enumerate(record.tokens):
            if token.start is not None and word.start <= token.start < word.end:
                without[0, position] = classifier.tokenizer.mask_token_id
        assert word.score == pytest.approx(logit(classifier, ids, 0) - logit(classifier, without, 0), abs=1e-4)


@pytest.mark.parametrize("method", ["occlusion", "integrated_gradients", "shapley", "bcos"])
def test_a_reference_is_the_token_that_replaces(method: str, pair: dict[str, Classifier]) -> None:
    # A text that already is the reference: nothing is left for its tokens.
    text = "[PAD] [PAD]"
    record = explain(pair["bcos"], text, method=method, reference="pad", target=0)
    assert record.parameters["reference"] == "pad"
    assert record.scores[1:-1] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert any(abs(score) > 1e-6 for score in explain(pair["bcos"], text, method=method, target=0).scores)


def test_integrated_gradients_from_zero(pair: dict[str, Classifier]) -> None:
    classifier = pair["conventional"]
    record = explain(classifier, TEXT, method="integrated_gradients", reference="zero", target=0, steps=20)
    ids = classifier.tokenizer(TEXT, return_tensors="pt").input_ids
    embed = classifier.model.bert.embeddings
    embeddings = embed(ids).detach()

    def from_embeddings(given: torch.Tensor) -> torch.Tensor:
        hook = embed.register_forward_hook(lambda *_: given)
        try:
            stand_in = torch.zeros(given.shape[:2], dtype=torch.long)
            return classifier.model(input_ids=stand_in, attention_mask=torch.ones_like(stand_in)).logits
        finally:
            hook.remove()

    plain = IntegratedGradients(from_embeddings).attribute(embeddings, 0.0, target=0, n_steps=20)
    assert record.scores == pytest.approx(plain.sum(-1)[0].tolist(), abs=1e-4)
    with torch.no_grad():
        at_zero = from_embeddings(torch.zeros_like(embeddings))[0, 0].item()
    assert record.reference_share == pytest.approx(at_zero, abs=1e-5)


def test_every_reference_is_known_and_every_default_is_taken(pair: dict[str, Classifier]) -> None:
    for method in METHODS.values():
        assert set(method.references) <= set(REFERENCES)
        assert method.checked_options({}) == {name: option.default for name, option in method.options.items()}


def test_nothing_and_zero_are_one_question() -> None:
    assert same_reference("none", "zero") and same_reference("mask", "mask") and same_reference(None, "pad")
    assert not same_reference("mask", "pad") and not same_reference("zero", "mask")


@pytest.mark.parametrize(
    "given",
    [{"steps": 0}, {"steps": "many"}, {"steps": 2.5}, {"steps": True}, {"steps": float("nan")}, {"steps": None}],
)
def test_a_wrong_number_is_refused(given: dict[str, object], pair: dict[str, Classifier]) -> None:
    with pytest.raises(InputError, match="steps is .* expected a whole number from 1 to 10,000"):
        explain(pair["bcos"], TEXT, method="integrated_gradients", **given)


def test_a_number_may_come_as_text(pair: dict[str, Classifier]) -> None:
    record = explain(pair["bcos"], TEXT, method="integrated_gradients", steps="3")
    assert record.parameters["steps"] == 3


def test_unknown_names_list_the_known_ones(pair: dict[str, Classifier]) -> None:
    with pytest.raises(UnknownNameError, match="Known: token, word"):
        explain(pair["bcos"], TEXT, method="occlusion", unit="letter")
    with pytest.raises(UnknownNameError, match="Known: unit"):
        explain(pair["bcos"], TEXT, method="occlusion", steps=3)
    with pytest.raises(UnknownNameError, match="Known: mask, pad"):
        explain(pair["bcos"], TEXT, method="occlusion", reference="zero")
    with pytest.raises(InputError, match="Only for B-cos models"):
        explain(pair["conventional"], TEXT, method="bcos")
    with pytest.raises(InputError, match="repeats is 0"):
        explain(pair["bcos"], TEXT, method="shapley", repeats=0)


def test_a_page_reference_becomes_the_methods_own_word_for_it() -> None:
    assert METHODS["bcos"].fitting_reference("none") == "none"
    assert METHODS["integrated_gradients"].fitting_reference("none") == "zero"
    assert METHODS["occlusion"].fitting_reference("none") is None  # its default, another question
    assert METHODS["saliency"].fitting_reference("mask") is None
