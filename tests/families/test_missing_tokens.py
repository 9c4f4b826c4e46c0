"""A tokenizer without a mask or a padding token: what needs one is refused, with what else there is."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny_families import tiny_model
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from bcos_core import convert, explain
from bcos_core.attribution.strike import strike
from bcos_core.errors import InputError
from bcos_core.model.classifier import Classifier, predict, wrap
from bcos_core.model.view import ModelView

TEXTS = ("w5 w6 w7", "w9")


def without(*missing: str) -> Classifier:
    """A GPT-2 classifier, whose published tokenizer has neither token."""
    torch.manual_seed(0)
    backend = Tokenizer(models.WordLevel({f"w{number}": number for number in range(90)}, unk_token="w3"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    tokens = {f"{name}_token": word for name, word in (("mask", "w1"), ("pad", "w2")) if name not in missing}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="w3", **tokens)
    return wrap(convert(tiny_model("GPT-2"), b=1.5), tokenizer, labels=["a", "b", "c"], name="no tokens")


@pytest.mark.parametrize("method", ["bcos", "integrated_gradients", "occlusion", "shapley"])
def test_a_reference_that_is_not_there_is_refused_with_those_that_are(method: str) -> None:
    for kind in ("mask", "pad"):
        other = "pad" if kind == "mask" else "mask"
        with pytest.raises(InputError, match=rf"no tokens has no {kind} token\. Choose the reference {other} or none"):
            explain(without(kind), TEXTS[0], method=method, reference=kind)
        assert explain(without(kind), TEXTS[0], method=method, reference=other).parameters["reference"] == other
    for missing, first in ((("mask",), "pad"), ((), "mask")):
        assert explain(without(*missing), TEXTS[0], method=method).parameters["reference"] == first
    if method in ("bcos", "integrated_gradients"):  # which may compare with nothing
        assert explain(without("mask", "pad"), TEXTS[0], method=method).parameters["reference"] in ("none", "zero")
    else:
        with pytest.raises(InputError, match=r"no mask token\. Choose the reference none \(zero\)"):
            explain(without("mask", "pad"), TEXTS[0], method=method)


def test_a_strike_takes_the_token_that_there_is() -> None:
    classifier = without("mask")
    record = explain(classifier, TEXTS[0], reference="none")
    result = strike(classifier, record, [(0, 2)])
    ids = torch.tensor([classifier.tokenizer(TEXTS[0])["input_ids"]])
    ids[0, 0] = classifier.tokenizer.pad_token_id
    with torch.no_grad():
        logits = ModelView(classifier.model).model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0]
    assert result.logit == pytest.approx(logits[record.target.index].item(), abs=1e-5)


def test_what_needs_no_token_works_without() -> None:
    classifier = without("mask", "pad")
    together = explain(classifier, TEXTS, method="bcos", reference="none")
    for record, text in zip(together, TEXTS, strict=True):  # the shorter one was padded, with whatever id
        alone = explain(classifier, text, method="bcos", reference="none")
        assert record.scores == pytest.approx(alone.scores, abs=1e-5)
        assert sum(record.scores) == pytest.approx(record.logit, abs=1e-4)
        assert explain(classifier, text, method="input_x_gradient").scores
    logits = [one.logits for one in predict(classifier, TEXTS)]
    padded = [one.logits for one in predict(replace(without("mask"), model=classifier.model), TEXTS)]
    assert torch.allclose(torch.tensor(logits), torch.tensor(padded), atol=1e-6)
