"""A model that keeps its biases: they have a share of the logit of their own, in the record and in its picture."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from bcos_core import convert, explain
from bcos_core.attribution.record import Attribution
from bcos_core.model.classifier import Classifier, wrap
from bcos_core.model.sources import embedded_path
from bcos_core.numbers import number
from bcos_core.render.drawing import completeness_meter
from bcos_core.render.html import sum_sentence
from bcos_core.render.table import record_table
from bcos_core.tasks.registry import TASK_TYPES, USUAL

TEXTS = ["A charming film, not dull!", "dull", "the plot never ends and the acting is very, very charming indeed"]


def with_biases(labels: tuple[str, ...], kind: str = USUAL, **settings: float) -> Classifier:
    torch.manual_seed(0)
    model = BertForSequenceClassification(
        BertConfig(
            hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, num_labels=len(labels)
        )
    ).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(std=0.3)
            elif parameter.dim() == 2 and "embedding" not in name:
                parameter.mul_(15)
    tokenizer = AutoTokenizer.from_pretrained(embedded_path())
    for name, value in settings.items():
        setattr(model.config, name, value)
    converted = convert(model, b=1.5, keep_biases=True)
    return wrap(converted, tokenizer, labels=labels, name="biased", task_type=TASK_TYPES[kind])


@pytest.fixture(scope="module")
def biased() -> Classifier:
    return with_biases(("a", "b", "c"))


@pytest.mark.parametrize("reference", ["none", "mask"])
def test_the_sum_has_the_biases_share(biased: Classifier, reference: str) -> None:
    for record in explain(biased, TEXTS, target=1, reference=reference):
        assert abs(record.bias_share) > 1e-2
        assert sum(record.scores) + record.reference_share + record.bias_share == pytest.approx(record.sum)
        assert record.sum == pytest.approx(record.logit, abs=1e-4 * max(1.0, abs(record.logit)))
        alone = explain(biased, record.text, target=1, reference=reference)
        assert record.bias_share == pytest.approx(alone.bias_share, abs=1e-5)
        assert Attribution.from_dict(record.to_dict()) == record


def test_a_contrast_has_the_difference_of_the_shares(biased: Classifier) -> None:
    from bcos_core.attribution.record import Target

    one, other = (explain(biased, TEXTS[0], target=index) for index in (0, 2))
    contrast = explain(biased, TEXTS[0], target=Target(0, "a", 2, "c"))
    assert contrast.bias_share == pytest.approx(one.bias_share - other.bias_share, abs=1e-5)


def test_other_methods_split_the_logit_without_it(biased: Classifier) -> None:
    record = explain(biased, TEXTS[0], target=1, method="integrated_gradients", steps=64)
    assert record.bias_share == 0
    assert record.sum == pytest.approx(record.logit, abs=0.05 * max(1.0, abs(record.logit)))


def test_it_is_shown_wherever_the_references_share_is(biased: Classifier) -> None:
    record = explain(biased, TEXTS[0], target=1)
    shown = number(record.bias_share, signed=True)
    meter = completeness_meter(record)
    assert meter is not None and f"biases {shown}" in meter["note"]
    assert f"biases {shown}" in sum_sentence(record)
    table = record_table(record)
    assert table.loc[table["kind"] == "biases", "score"].tolist() == [record.bias_share]
    assert table["score"].sum() == pytest.approx(record.sum)


def test_what_a_score_has_before_any_word_is_called_so() -> None:
    """The mean of the training scores, around which the model answers, is no bias of a layer."""
    raw, score = (with_biases(("stars",), "regression", score_centre=centre) for centre in (0.0, 5.5))
    record = explain(score, TEXTS[0])
    assert record.bias_share == pytest.approx(explain(raw, TEXTS[0]).bias_share + 5.5)
    shown = number(record.bias_share, signed=True)
    meter = completeness_meter(record)
    assert meter is not None and f"base score {shown}" in meter["note"] and "biases" not in meter["note"]
    assert f"base score {shown}" in sum_sentence(record)
    assert record_table(record)["kind"].tolist()[-1] == "base score"
