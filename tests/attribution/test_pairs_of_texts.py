"""Pairs of texts: every method, score and strike tells the model of which text a token is, whatever is replaced."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from bcos_core import explain
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.registry import METHODS
from bcos_core.attribution.strike import strike
from bcos_core.errors import TextError
from bcos_core.evaluate.forward import logits_of
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.model.calibrate import hidden_state_cosine
from bcos_core.model.classifier import Classifier, predict
from bcos_core.render.pieces import pieces
from bcos_core.text.encoding import encode
from bcos_core.text.pair import pair
from bcos_core.train.losses import deletion_task
from tests.built_tokenizers import MAX_LENGTH, tiny_classifier

FIRST, SECOND = "A charming film", "it isn't good; long"
TEXT = pair(FIRST, SECOND)


@pytest.fixture(scope="module")
def bert() -> Classifier:
    return tiny_classifier("wordpiece")


@pytest.fixture(scope="module")
def original() -> Classifier:
    return tiny_classifier("wordpiece", bcos=False)


def by_hand(classifier: Classifier, ids: list[int] | None = None) -> list[float]:
    """transformers' own model on its tokenizer's own input for two texts."""
    inputs = classifier.tokenizer(FIRST, SECOND, return_tensors="pt")
    if ids is not None:
        inputs["input_ids"] = torch.tensor([ids])
    with torch.no_grad():
        logits: list[float] = classifier.model(**inputs).logits[0].tolist()
    return logits


def test_the_second_text_is_told_from_the_first(bert: Classifier) -> None:
    inputs = bert.tokenizer(FIRST, SECOND, return_tensors="pt")
    without = bert.model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits[0]
    assert max(abs(a - b) for a, b in zip(without.tolist(), by_hand(bert), strict=True)) > 0.05


@pytest.mark.parametrize("method", [m.name for m in METHODS.values() if not m.unsupported(is_bcos=True)])
def test_every_method_explains_what_the_model_says(method: str, bert: Classifier) -> None:
    options = {name: 5 for name in ("steps", "samples") if name in METHODS[method].options}
    others = [pair("good", "dull film"), "film"]
    alone = explain(bert, TEXT, method=method, target=1, **options)
    among = explain(bert, [*others, TEXT], method=method, target=1, **options)[-1]
    assert alone.logits == pytest.approx(by_hand(bert), abs=1e-5)
    assert among.scores == pytest.approx(alone.scores, abs=1e-5) and among.tokens == alone.tokens
    if METHODS[method].additive and method not in (
        "integrated_gradients",
        "gradient_shap",
    ):  # these come near it with steps
        assert alone.completeness_error < 1e-4


def test_contributions_add_up_over_both_texts(bert: Classifier) -> None:
    for reference in ("none", "mask"):
        record = explain(bert, TEXT, reference=reference, target=2)
        first, second = (
            sum(record.scores[position] for position in positions) for positions in record.positions_by_half
        )
        total = first + second + record.added_share + record.reference_share
        assert total == pytest.approx(by_hand(bert)[2], abs=1e-4)
        headings = [piece for piece in pieces(record) if piece.kind == "heading"]
        assert [heading.score for heading in headings] == pytest.approx([first, second])
        places = [piece.kind for piece in pieces(record) if piece.kind in ("heading", "added")]
        assert places == ["heading", "added", "added", "heading", "added"]  # [CLS] … [SEP] | … [SEP]


def test_occlusion_by_hand(original: Classifier) -> None:
    record = explain(original, TEXT, method="occlusion", reference="mask", target=0, unit="token")
    ids = original.tokenizer(FIRST, SECOND).input_ids
    whole = by_hand(original)[0]
    for position, token in enumerate(record.tokens):
        if not token.added:
            without = [original.tokenizer.mask_token_id if place == position else i for place, i in enumerate(ids)]
            assert record.scores[position] == pytest.approx(whole - by_hand(original, without)[0], abs=1e-5)


def test_integrated_gradients_end_at_the_pair(original: Classifier) -> None:
    record = explain(original, TEXT, method="integrated_gradients", reference="pad", target=0, steps=200)
    assert record.completeness_error < 1e-3 * max(1.0, abs(record.logit))


def test_a_strike_in_the_second_text(bert: Classifier) -> None:
    record = explain(bert, TEXT, reference="mask", target=1)
    start = TEXT.index("good")
    ids = list(bert.tokenizer(FIRST, SECOND).input_ids)
    gone = [p for p, t in enumerate(record.tokens) if t.start is not None and start <= t.start < start + 4]
    for position in gone:
        ids[position] = bert.tokenizer.mask_token_id
    result = strike(bert, record, [(start, start + 4)])
    assert result.struck == len(gone) > 0
    assert result.actual_change == pytest.approx(by_hand(bert, ids)[1] - record.logit, abs=1e-5)


def test_what_a_removal_leaves(original: Classifier) -> None:
    (text,) = encode(original.tokenizer, [TEXT], MAX_LENGTH)
    inputs = original.tokenizer(FIRST, SECOND, return_tensors="pt")
    for name, removal in zip(REMOVALS, REMOVALS.values(), strict=True):
        (found,) = logits_of(original, [removal.apply(text, [2, 7], original.tokenizer)])
        ids, types = inputs["input_ids"].clone(), inputs["token_type_ids"]
        arguments = {"attention_mask": inputs["attention_mask"]}
        if name == "delete":
            left = [place for place in range(ids.shape[1]) if place not in (2, 7)]
            ids, types, arguments = ids[:, left], types[:, left], {}
        elif name == "hide":
            arguments["attention_mask"] = arguments["attention_mask"].clone()
            arguments["attention_mask"][0, [2, 7]] = 0
        else:
            ids[0, [2, 7]] = getattr(original.tokenizer, f"{name}_token_id")
        with torch.no_grad():
            expected = original.model(input_ids=ids, token_type_ids=types, **arguments).logits[0]
        assert found == pytest.approx(expected.tolist(), abs=1e-5), name


def test_deletion_consistency_sees_the_pair(bert: Classifier) -> None:
    inputs = bert.tokenizer(FIRST, SECOND, return_tensors="pt")
    ordinary = torch.zeros_like(inputs["input_ids"], dtype=torch.bool)  # nothing to remove: the pair's own logits
    task = deletion_task(
        bert.model,
        inputs["input_ids"],
        inputs["attention_mask"],
        ordinary,
        bert.tokenizer.mask_token_id,
        token_type_ids=inputs["token_type_ids"],
    )
    assert task.expected.item() == pytest.approx(by_hand(bert)[int(task.classes)], abs=1e-4)


def test_the_cosine_of_calibration_is_of_pairs(original: Classifier) -> None:
    """Against a model whose second texts are all that differs, the cosine is below 1 only where types are told."""
    changed = tiny_classifier("wordpiece", bcos=False)
    with torch.no_grad():
        changed.model.bert.embeddings.token_type_embeddings.weight[1, ::2] += 3.0
    arguments = {"tokenizer": original.tokenizer, "max_length": MAX_LENGTH}
    assert hidden_state_cosine(changed.model, original.model, [FIRST, SECOND], **arguments) == pytest.approx(1.0)
    assert hidden_state_cosine(changed.model, original.model, [TEXT], **arguments) < 0.999


def test_a_record_of_a_long_pair_says_what_was_left_out(bert: Classifier) -> None:
    long = "film good dull " * 30
    record = explain(bert, pair(long, SECOND))
    assert len(record.tokens) == MAX_LENGTH and len(record.unread) == 1
    start, end = record.unread[0]
    assert end == len(long.strip()) and start == record.truncated_at
    cut = [piece for piece in pieces(record) if piece.kind == "cut"]
    assert [(piece.start, piece.end) for piece in cut] == [(start, end)]
    both = explain(bert, pair(long, long))
    assert len(both.unread) == 2 and [piece.kind for piece in pieces(both)].count("cut") == 2
    assert Attribution.from_dict(both.to_dict()) == both


def test_a_model_is_given_as_many_texts_as_it_was_trained_on() -> None:
    pairs, single = (replace(tiny_classifier("unigram"), pairs=which) for which in (True, False))
    for ask in (explain, lambda classifier, text: predict(classifier, [text])):
        with pytest.raises(TextError, match="trained to read two texts"):
            ask(pairs, FIRST)
        with pytest.raises(TextError, match="trained to read one text"):
            ask(single, TEXT)
        ask(pairs, TEXT), ask(single, FIRST)
