"""Layers and heads of a record: the sums it promises, its table, its paths, and what it refuses."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from bcos_core import explain
from bcos_core.attribution.components import Components, components
from bcos_core.errors import InputError
from bcos_core.model.classifier import Classifier
from tests.tiny_language_model import language_model

TEXT = "A charming film that never drags."


def shares_add_up(found: Components) -> None:
    record = found.record
    near: dict[str, Any] = {"abs": 1e-4 * max(1.0, abs(record.logit))}
    assert found.sum == pytest.approx(record.logit, **near)
    assert found.completeness_error <= near["abs"]
    by_token = [math.fsum(column) for column in zip(*found.sources, strict=True)]
    assert by_token == pytest.approx(list(record.scores), **near)
    without_token = math.fsum((*found.source_shares, found.bias_share))
    assert without_token == pytest.approx(record.reference_share + record.bias_share, **near)
    frame = found.to_frame()
    assert float(frame["share"].sum()) == pytest.approx(record.logit, **near)
    assert len(frame) == 1 + sum(len(heads) + 1 for heads in found.heads) + bool(found.bias_share)
    everything = found.strongest(10_000)
    assert math.fsum(path.share for path in everything) == pytest.approx(record.logit, **near)
    sizes = [abs(path.share) for path in found.strongest(5)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == max(abs(path.share) for path in everything)


@pytest.mark.parametrize("kind", ["bcos", "conventional"])
def test_of_a_classifier_against_its_reference(kind: str, pair: dict[str, Classifier]) -> None:
    model = pair[kind]
    record = explain(model, TEXT, reference="mask")
    assert record.reference_share != 0.0
    shares_add_up(components(model, record))
    shares_add_up(components(model, explain(model, TEXT, target=0, minus=1, reference="none")))


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_of_a_next_token_rather_than_another(kind: str) -> None:
    model = language_model(kind)
    record = explain(model, "The keys to the old cabinet", target=" are", minus=" on")
    found = components(model, record)
    shares_add_up(found)
    assert (found.bias_share != 0.0) == (kind == "gpt2")
    # Nothing but the last position goes past all layers to the word that comes next.
    assert all(share == 0.0 for share in found.direct[:-1])
    assert found.direct[-1] != 0.0


def test_what_is_no_sum_of_this_model_is_refused(pair: dict[str, Classifier]) -> None:
    model = pair["bcos"]
    record = explain(model, TEXT)
    with pytest.raises(InputError, match="got a record of “saliency”"):
        components(model, explain(model, TEXT, method="saliency"))
    with pytest.raises(InputError, match="is of a classifier"):
        components(language_model(), replace(record, method="pullback"))
    changed = replace(model, weights_hash="another")
    with pytest.raises(InputError, match="Explain the text again"):
        components(changed, record)
