"""Averaged contributions: one copy is the contributions, a linear network is the same under any number, else a mean."""

from __future__ import annotations

from itertools import islice

import pytest
import torch
from torch import Tensor
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from bcos_core import convert, explain
from bcos_core.attribution.averaged import left_out
from bcos_core.attribution.seeds import seed_of
from bcos_core.model.classifier import Classifier, wrap
from bcos_core.model.sources import embedded_path
from bcos_core.model.view import ModelView

TEXTS = ["A charming film, not dull!", "dull", "the plot never ends and the acting is very, very charming indeed"]
KINDS = {"averaged_bcos": ("bcos", "bcos"), "averaged_pullback": ("conventional", "pullback")}
both = pytest.mark.parametrize("method", list(KINDS))


@both
@pytest.mark.parametrize("reference", ["mask", "pad"])
def test_one_copy_is_the_contributions(method: str, reference: str, pair: dict[str, Classifier]) -> None:
    model, plain = KINDS[method]
    for one, wanted in zip(
        explain(pair[model], TEXTS, method=method, copies=1, reference=reference),
        explain(pair[model], TEXTS, method=plain, reference=reference),
        strict=True,
    ):
        assert one.scores == pytest.approx(wanted.scores, abs=1e-5)
        assert one.reference_share == pytest.approx(wanted.reference_share, abs=1e-5)
        assert one.bias_share == pytest.approx(wanted.bias_share, abs=1e-5)
        assert one.logit == pytest.approx(wanted.logit, abs=1e-5)
        assert (one.cost.forward, one.cost.backward) == (1, 1)


def weights_at(classifier: Classifier, ids: Tensor, target: int) -> Tensor:
    """W(x), (tokens, hidden), by autograd."""
    view, mask = ModelView(classifier.model, explanation_mode=True), torch.ones_like(ids)
    given = view.embed(ids, mask).requires_grad_()
    return torch.autograd.grad(view.logits(given, ids, mask)[0, target], given)[0][0]


@both
def test_it_is_the_mean_over_copies_that_were_explained_one_by_one(method: str, pair: dict[str, Classifier]) -> None:
    classifier = pair[KINDS[method][0]]
    mask_id = classifier.tokenizer.mask_token_id
    for record in explain(classifier, TEXTS, method=method, copies=9, seed=3):  # whatever a copy itself answers
        ids = classifier.tokenizer(record.text, return_tensors="pt").input_ids
        ordinary = torch.tensor([not token.added for token in record.tokens])
        generator = torch.Generator().manual_seed(seed_of(3, ids[0].tolist()))
        lacking = islice(left_out(ordinary, generator), 9)
        weights = [weights_at(classifier, ids.masked_fill(gone, mask_id), record.target.index) for gone in lacking]
        mean = torch.stack(weights).double().mean(0)
        view = ModelView(classifier.model)
        text, masks = (view.embed(given, torch.ones_like(ids))[0] for given in (ids, torch.full_like(ids, mask_id)))
        assert record.scores == pytest.approx(((text - masks) * mean).sum(-1).tolist(), abs=1e-5)
        assert record.reference_share == pytest.approx((masks * mean).sum().item(), abs=1e-5)
        assert not record.additive
        assert record.sum == pytest.approx((text * mean).sum().item() + record.bias_share, abs=1e-5)
        assert (record.cost.forward, record.cost.backward) == (9, 9)


@both
def test_with_halves_it_is_the_mean_of_two_estimates(method: str, pair: dict[str, Classifier]) -> None:
    classifier = pair[KINDS[method][0]]
    found = explain(classifier, TEXTS, method=method, copies=3, halves=2, seed=5, target=1)
    weights = explain(classifier, TEXTS, method=method, copies=3, seed=5, target=1)
    changes = explain(classifier, TEXTS, method="banzhaf", samples=2, seed=5, target=1)
    for one, first, second in zip(found, weights, changes, strict=True):
        means = [(a + b) / 2 for a, b in zip(first.scores, second.scores, strict=True)]
        assert one.scores == pytest.approx(means, abs=1e-5)
        assert one.cost.forward == 3 + second.cost.forward
        assert one.cost.backward == 3


def test_parts_of_a_cut_are_complementary_and_equally_large() -> None:
    ordinary = torch.tensor([False, True, True, True, True, True, True, True, False])
    whole, *rest = islice(left_out(ordinary, torch.Generator().manual_seed(1)), 11)
    assert not whole.any()
    for cut in (rest[:2], rest[2:5], rest[5:7], rest[7:10]):
        assert torch.equal(torch.stack(cut).sum(0), ordinary.long())
        sizes = [int(part.sum()) for part in cut]
        assert max(sizes) - min(sizes) <= 1
    assert not torch.equal(rest[0], rest[5])  # another cut


def test_a_linear_network_is_unchanged_by_the_number_of_copies() -> None:
    """No factor depends on the text: each token looks at all alike, no norm has anything to divide by, no gate."""
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, hidden_act="linear"
    )
    config.layer_norm_eps = 1e8
    model = BertForSequenceClassification(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "query" in name or "key" in name:
                parameter.zero_()
            elif name.endswith("LayerNorm.weight"):
                parameter.fill_(1e4)  # √eps
            elif parameter.dim() == 2 and "embedding" not in name:
                parameter.mul_(15)
    linear = wrap(
        convert(model, b=1.0), AutoTokenizer.from_pretrained(embedded_path()), labels=("no", "yes"), name="linear"
    )
    once, often = (explain(linear, TEXTS, method="averaged_bcos", copies=copies, target=1) for copies in (1, 16))
    for one, other in zip(once, often, strict=True):
        assert max(map(abs, one.scores)) > 1e-2
        assert other.scores == pytest.approx(one.scores, rel=1e-4, abs=1e-5)
        assert other.completeness_error < 1e-4 * max(1.0, abs(other.logit))
