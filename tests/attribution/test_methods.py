"""Every method against a naive loop or captum called plainly, one text at a time."""

from __future__ import annotations

import pytest
import torch
from captum.attr import IntegratedGradients

from bcos_core import explain
from bcos_core.attribution.registry import METHODS
from bcos_core.model import passes
from bcos_core.model.classifier import Classifier

TEXTS = [
    "A charming film.",
    "It isn't good, it is great; and long, far too long for what it has to say about anybody!",
    "dull",
    "日本の映画 🎬 très <script>alert('x')</script>",
]
both = pytest.mark.parametrize("kind", ["bcos", "conventional"])


def ids_of(classifier: Classifier, text: str) -> torch.Tensor:
    return classifier.tokenizer(text, return_tensors="pt").input_ids


def logits_of(classifier: Classifier, ids: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return classifier.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits


def supported(kind: str) -> list[str]:
    return [method.name for method in METHODS.values() if not method.unsupported(is_bcos=kind == "bcos")]


@both
def test_occlusion_is_leave_one_out(kind: str, pair: dict[str, Classifier]) -> None:
    classifier = pair[kind]
    for record in explain(classifier, TEXTS, method="occlusion", target="neutral"):
        ids = ids_of(classifier, record.text)
        full = logits_of(classifier, ids)[0, 1]
        for position, (token, score) in enumerate(zip(record.tokens, record.scores, strict=True)):
            without = ids.clone()
            without[0, position] = classifier.tokenizer.mask_token_id
            expected = 0.0 if token.added else (full - logits_of(classifier, without)[0, 1]).item()
            assert score == pytest.approx(expected, abs=1e-4)


@both
def test_occlusion_is_sequential_integrated_gradients(kind: str, pair: dict[str, Classifier]) -> None:
    """Enguehard's paper integrates while one token moves from the mask to its place: the difference of both ends."""
    classifier = pair[kind]
    embed = classifier.model.bert.embeddings
    record = explain(classifier, TEXTS[0], method="occlusion", target=1)
    ids = ids_of(classifier, TEXTS[0])

    def from_embeddings(given: torch.Tensor) -> torch.Tensor:
        hook = embed.register_forward_hook(lambda *_: given)
        try:
            return classifier.model(input_ids=ids.expand(len(given), -1)).logits
        finally:
            hook.remove()

    for place in range(1, ids.shape[1] - 1):
        without = ids.clone()
        without[0, place] = classifier.tokenizer.mask_token_id
        moved = IntegratedGradients(from_embeddings).attribute(
            embed(ids).detach(), embed(without).detach(), target=1, n_steps=100
        )
        assert moved[0, place].sum().item() == pytest.approx(record.scores[place], abs=1e-3)


@both
def test_integrated_gradients_equal_plain_captum(kind: str, pair: dict[str, Classifier]) -> None:
    classifier = pair[kind]
    embed = classifier.model.bert.embeddings
    for record in explain(classifier, TEXTS, method="integrated_gradients", target=0, batch_size=4):
        ids = ids_of(classifier, record.text)
        baseline = ids.clone()
        baseline[0, 1:-1] = classifier.tokenizer.mask_token_id

        def from_embeddings(given: torch.Tensor) -> torch.Tensor:
            hook = embed.register_forward_hook(lambda *_: given)
            try:
                stand_in = torch.zeros(given.shape[:2], dtype=torch.long)
                return classifier.model(input_ids=stand_in, attention_mask=torch.ones_like(stand_in)).logits
            finally:
                hook.remove()

        plain = IntegratedGradients(from_embeddings).attribute(
            embed(ids).detach(), embed(baseline).detach(), target=0, n_steps=50
        )
        assert record.scores == pytest.approx(plain.sum(-1)[0].tolist(), abs=1e-4)
        assert record.reference_share == pytest.approx(logits_of(classifier, baseline)[0, 0].item(), abs=1e-5)


@both
def test_input_x_gradient_by_autograd(kind: str, pair: dict[str, Classifier]) -> None:
    classifier = pair[kind]
    bert = classifier.model.bert
    record = explain(classifier, TEXTS[1], method="input_x_gradient", target=2)
    ids = ids_of(classifier, TEXTS[1])
    embeddings = bert.embeddings(ids).detach().requires_grad_()
    hook = bert.embeddings.register_forward_hook(lambda *_: embeddings)
    logit = classifier.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, 2]
    hook.remove()
    (gradient,) = torch.autograd.grad(logit, embeddings)
    assert record.scores == pytest.approx((embeddings * gradient).sum(-1)[0].tolist(), abs=1e-5)


@pytest.mark.parametrize("reference", ["mask", "none"])
def test_bcos_adds_up_under_every_reference(reference: str, pair: dict[str, Classifier]) -> None:
    records = explain(pair["bcos"], TEXTS, reference=reference)
    for record in records:
        assert record.completeness_error <= 1e-4 * max(1.0, abs(record.logit))
        assert record.sum == pytest.approx(sum(record.scores) + record.reference_share)
        assert (record.reference_share == 0) == (reference == "none")
        assert record.parameters["reference"] == reference


def test_the_mask_reference_moves_between_tokens_and_reference_only(pair: dict[str, Classifier]) -> None:
    # A text of mask tokens against masks: nothing is left for ordinary tokens, all is the reference's and [CLS]'s.
    record = explain(pair["bcos"], "[MASK] [MASK]", reference="mask")
    ordinary = [score for token, score in zip(record.tokens, record.scores, strict=True) if not token.added]
    assert ordinary == pytest.approx([0.0, 0.0], abs=1e-7)
    assert record.completeness_error < 1e-5


@both
def test_a_batch_gives_what_one_text_gives(kind: str, pair: dict[str, Classifier]) -> None:
    fewer = {"samples": 5}  # of a stochastic method, to save time
    for method in supported(kind):
        options = fewer if "samples" in METHODS[method].options else {}
        together = explain(pair[kind], TEXTS, method=method, **options)
        for text, record in zip(TEXTS, together, strict=True):
            alone = explain(pair[kind], text, method=method, **options)
            # A batch takes other kernels than one text does: float32's rounding of the largest scores (near 5) is 2e-6.
            assert record.scores == pytest.approx(alone.scores, rel=1e-5, abs=1e-5)
            assert record.target == alone.target
            assert record.logit == pytest.approx(alone.logit, abs=1e-5)


@both
def test_a_contrast_is_the_difference_of_its_classes(kind: str, pair: dict[str, Classifier]) -> None:
    from bcos_core.attribution.record import Target

    contrast = Target(0, "negative", 1, "neutral")
    for method in (name for name in supported(kind) if METHODS[name].signed and METHODS[name].targeted):
        first, second, both_at_once = (
            explain(pair[kind], TEXTS[0], method=method, target=target) for target in (0, 1, contrast)
        )
        expected = [a - b for a, b in zip(first.scores, second.scores, strict=True)]
        assert both_at_once.scores == pytest.approx(expected, abs=1e-5)
        assert both_at_once.logit == pytest.approx(first.logit - second.logit, abs=1e-5)


def test_costs_are_counted(pair: dict[str, Classifier]) -> None:
    tokens = len(explain(pair["bcos"], TEXTS[0]).tokens) - 2
    assert explain(pair["bcos"], TEXTS[0]).cost.forward == 1
    assert explain(pair["bcos"], TEXTS[0], method="occlusion").cost.forward >= tokens + 1
    gradients = explain(pair["bcos"], TEXTS[0], method="integrated_gradients", steps=20)
    assert (gradients.cost.forward, gradients.cost.backward) == (22, 20)


@pytest.mark.parametrize("method", supported("bcos"))
def test_what_a_method_is_said_to_cost_is_what_it_takes(
    method: str, pair: dict[str, Classifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that go through the first block, up to what makes E alone, are the passes of its declaration."""
    classifier, declared = pair["bcos"], METHODS[method].cost
    block = classifier.model.bert.encoder.layer[1]  # behind the tap: E alone is no pass
    rows: list[int] = []
    hook = block.register_forward_hook(lambda _, args, __: rows.append(len(args[0])))
    try:
        record = explain(classifier, TEXTS[1], method=method, target=1)
    finally:
        hook.remove()
    if method == "decompx":  # multiplies its parts, one for each token, by the matrices itself
        rows.append(len(record.tokens))
    added = sum(token.added for token in record.tokens)
    expected = declared.forward + declared.per_token * len(record.tokens)
    slack = 1 + declared.per_token * added  # a piece less is removed; KernelSHAP's and LIME's first one is the text
    assert sum(rows) == pytest.approx(expected, abs=slack)
    assert record.cost.forward == pytest.approx(sum(rows), abs=1)
    assert record.cost.backward == declared.backward


@pytest.mark.parametrize("tokens", [1, 24, 10_000])
@pytest.mark.parametrize("reference", ["none", "mask"])
def test_contributions_do_not_depend_on_the_size_of_a_pass(
    tokens: int, reference: str, pair: dict[str, Classifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = [explain(pair["bcos"], text, reference=reference) for text in TEXTS]
    monkeypatch.setitem(passes.TOKENS, "cpu", passes.KEPT * tokens)
    for one, record in zip(alone, explain(pair["bcos"], TEXTS, reference=reference), strict=True):
        assert record.scores == pytest.approx(one.scores, abs=1e-5)
        assert (record.target, len(record.tokens)) == (one.target, len(one.tokens))
        assert record.logit == pytest.approx(one.logit, abs=1e-5)
        assert record.reference_share == pytest.approx(one.reference_share, abs=1e-5)
