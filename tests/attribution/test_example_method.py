"""A new method is one small file: nothing else has to know it."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch

import bcos_core
from bcos_core.attribution.registry import METHODS
from bcos_core.model.classifier import Classifier
from tests.attribution import example_method
from tests.attribution.example_method import METHOD

TEXTS = ["a good film", "not a very good film at all"]


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it stood with the others in `attribution/registry.py`."""
    monkeypatch.setitem(METHODS._entries, METHOD.name, METHOD)


def test_it_is_small() -> None:
    assert len(inspect.getsource(example_method).splitlines()) <= 40


@pytest.mark.parametrize("kind", ["bcos", "conventional"])
def test_it_explains_as_a_loop_over_the_model_does(pair: dict[str, Classifier], kind: str) -> None:
    classifier = pair[kind]
    records = bcos_core.explain(classifier, TEXTS, method="alone", target=2)
    mask = classifier.tokenizer.mask_token_id
    for text, record in zip(TEXTS, records, strict=True):
        ids = classifier.tokenizer(text, return_tensors="pt")["input_ids"]
        empty = ids.clone()
        empty[0, 1:-1] = mask
        expected = [0.0]
        with torch.no_grad():
            nothing = classifier.model(input_ids=empty).logits[0, 2]
            for place in range(1, ids.shape[1] - 1):
                one = empty.clone()
                one[0, place] = ids[0, place]
                expected.append(float(classifier.model(input_ids=one).logits[0, 2] - nothing))
        np.testing.assert_allclose(record.scores, [*expected, 0.0], atol=1e-5)
        assert record.parameters == {"reference": "mask"} and record.method == "alone"
