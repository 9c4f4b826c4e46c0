"""RoBERTa counts positions over what is not padding: whatever is replaced, every token keeps the place it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations

import pytest
import torch
from torch import Tensor

from bcos_core import explain
from bcos_core.attribution.registry import METHODS
from bcos_core.attribution.strike import strike
from bcos_core.evaluate.answers import Answers
from bcos_core.evaluate.curves import leave_one_out, removal_curves
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.model.classifier import Classifier
from bcos_core.model.view import ModelView
from bcos_core.text.encoding import encode
from tests.built_tokenizers import tiny_classifier

TEXT = "A charming film, not dull!"
PAD = 1
PADDED = [method.name for method in METHODS.values() if "pad" in method.references]


@pytest.fixture(scope="module")
def roberta() -> Classifier:
    return tiny_classifier("byte-level")


def logits_at(classifier: Classifier, ids: list[int], positions: list[int]) -> Tensor:
    """transformers' own model, told where each token stands."""
    with torch.no_grad():
        return classifier.model(input_ids=torch.tensor([ids]), position_ids=torch.tensor([positions])).logits[0]


def in_order(ids: list[int]) -> list[int]:
    return list(range(2, len(ids) + 2))  # from the padding index + 1 on


def padded(ids: list[int], gone: set[int]) -> list[int]:
    return [PAD if place in gone else id for place, id in enumerate(ids)]


def test_occlusion_under_padding_moves_no_other_token(roberta: Classifier) -> None:
    record = explain(roberta, TEXT, method="occlusion", reference="pad", target=2)
    ids = roberta.tokenizer(TEXT).input_ids
    whole = logits_at(roberta, ids, in_order(ids))[2]
    truth = [(whole - logits_at(roberta, padded(ids, {place}), in_order(ids))[2]).item() for place in range(len(ids))]
    assert record.scores[1:-1] == pytest.approx(truth[1:-1], abs=1e-5)
    moved = roberta.model(input_ids=torch.tensor([padded(ids, {1})])).logits[0, 2]
    assert (
        abs(moved.item() - (whole.item() - truth[1])) > 1e-3
    )  # what the model makes of it by itself is another number


def test_shapley_values_under_padding_by_all_orders(roberta: Classifier) -> None:
    text = "good film"
    ids = roberta.tokenizer(text).input_ids
    places = range(1, len(ids) - 1)
    values = {}
    for order in permutations(places):
        for count in range(len(order) + 1):
            gone = frozenset(order[count:])
            if gone not in values:
                values[gone] = logits_at(roberta, padded(ids, set(gone)), in_order(ids))[0].item()
    gains = [
        [values[frozenset(o[o.index(p) :])] * -1 + values[frozenset(o[o.index(p) + 1 :])] for o in permutations(places)]
        for p in places
    ]
    record = explain(roberta, text, method="kernel_shap", reference="pad", target=0, samples=3000)
    expected = [sum(row) / len(row) for row in gains]
    assert record.scores[1:-1] == pytest.approx(expected, abs=0.1 * max(map(abs, expected)))
    assert record.reference_share == pytest.approx(values[frozenset(places)], abs=1e-5)


def test_contributions_against_padding_by_hand_built_embeddings(roberta: Classifier) -> None:
    ids = roberta.tokenizer(TEXT).input_ids
    parts = roberta.model.roberta.embeddings

    def embeddings(ids: list[int]) -> Tensor:
        words, positions = parts.word_embeddings.weight[ids], parts.position_embeddings.weight[in_order(ids)]
        return parts.LayerNorm(words + positions + parts.token_type_embeddings.weight[0])[None].detach()

    text, reference = embeddings(ids), embeddings([PAD] * len(ids))
    given = text.clone().requires_grad_()
    view = ModelView(roberta.model, explanation_mode=True)
    logit = view.logits(given, torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.long))[0, 1]
    (weights,) = torch.autograd.grad(logit, given)
    record = explain(roberta, TEXT, reference="pad", target=1)
    assert record.scores == pytest.approx(((text - reference) * weights).sum(-1)[0].tolist(), abs=1e-5)
    assert record.reference_share == pytest.approx((reference * weights).sum().item(), abs=1e-5)


@contextmanager
def watched(classifier: Classifier) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """The ids and positions that the embeddings are asked for; views share a model's hooks."""
    seen: list[tuple[Tensor, Tensor]] = []
    hook = classifier.model.roberta.embeddings.register_forward_pre_hook(
        lambda _, args, given: seen.append((given["input_ids"], given["position_ids"])), with_kwargs=True
    )
    try:
        yield seen
    finally:
        hook.remove()


@pytest.mark.parametrize("method", PADDED)
def test_every_method_keeps_every_place(method: str, roberta: Classifier) -> None:
    options = {name: 3 for name in ("samples", "steps") if name in METHODS[method].options}
    with watched(roberta) as seen:
        explain(roberta, TEXT, method=method, reference="pad", **options)
    assert any((ids[:, 1:-1] == PAD).any() for ids, _ in seen)
    for ids, positions in seen:
        assert positions.expand(ids.shape).tolist() == [in_order(row) for row in ids.tolist()]


@pytest.mark.parametrize("removal", REMOVALS)
def test_every_removal_keeps_every_place_but_deletion(removal: str, roberta: Classifier) -> None:
    texts = encode(roberta.tokenizer, ["good film", TEXT], 48)
    with watched(roberta) as seen:
        answers = Answers(roberta, REMOVALS[removal])
        curves = removal_curves(answers, texts, [range(len(text)) for text in texts])
        singles = leave_one_out(answers, texts)
    for ids, positions in seen:
        for row, places in zip(ids.tolist(), positions.tolist(), strict=True):
            until = row.index(2) + 1  # behind the text's own end there is padding that nobody looks at
            assert places[:until] == in_order(row[:until])
    ids = list(texts[0].ids)
    if removal == "pad":
        assert singles[0][1] == pytest.approx(logits_at(roberta, padded(ids, {1}), in_order(ids)).tolist(), abs=1e-5)
        gone = set(range(1, len(ids) - 1))
        assert curves[0].empty == pytest.approx(logits_at(roberta, padded(ids, gone), in_order(ids)).tolist(), abs=1e-5)
    if removal == "delete":  # what is left stands together
        left = [ids[0], *ids[2:]]
        assert singles[0][1] == pytest.approx(logits_at(roberta, left, in_order(left)).tolist(), abs=1e-5)


def test_striking_under_padding_moves_no_other_token(roberta: Classifier) -> None:
    record = explain(roberta, TEXT, method="occlusion", reference="pad", target=0, unit="word")
    ids = roberta.tokenizer(TEXT).input_ids
    gone = {place for place, token in enumerate(record.tokens) if token.end is not None and 2 <= token.start < 10}
    result = strike(roberta, record, [(2, 10)])
    expected = logits_at(roberta, padded(ids, gone), in_order(ids))[0].item()
    assert result.logit == pytest.approx(expected, abs=1e-5)
    assert result.predicted_change == pytest.approx(result.actual_change, abs=1e-4)  # occlusion measures just that


def test_a_typed_padding_token_has_the_place_that_the_model_gives_it(roberta: Classifier) -> None:
    text = "good <pad> film"
    record = explain(roberta, text, method="occlusion", reference="mask", target=1)
    ids = roberta.tokenizer(text).input_ids
    places, count = [], 1
    for id in ids:
        count += id != PAD
        places.append(PAD if id == PAD else count)
    typed = ids.index(PAD)
    whole = logits_at(roberta, ids, places)[1].item()
    assert record.logits[1] == pytest.approx(whole, abs=1e-5)
    masked = [roberta.tokenizer.mask_token_id if place == typed else id for place, id in enumerate(ids)]
    assert record.scores[typed] == pytest.approx(whole - logits_at(roberta, masked, places)[1].item(), abs=1e-5)
