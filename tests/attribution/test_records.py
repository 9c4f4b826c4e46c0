"""Records, their sums over words, striking words out, and bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from bcos_core import explain
from bcos_core.attribution.aggregation import word_scores
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.strike import strike
from bcos_core.errors import InputError, TextError, UnknownNameError
from bcos_core.model.classifier import Classifier, load, predict
from bcos_core.model.sources import embedded_path

TEXT = "It isn't <b>good</b>, it's great! 👨‍👩‍👧 日本"


def test_a_record_survives_json(pair: dict[str, Classifier]) -> None:
    record = explain(pair["bcos"], TEXT)
    data = json.loads(record.to_json())
    assert Attribution.from_dict(data) == record
    assert {"text", "tokens", "scores", "method", "target", "logit", "sum", "completeness_error"} <= set(data)
    assert len(data["tokens"]) == len(data["scores"])
    for other in (1, 99, None):
        with pytest.raises(InputError, match=f"version {other}"):
            Attribution.from_dict({**data, "version": other})
    with pytest.raises(InputError, match="This record is not as it should be"):
        Attribution.from_dict({"version": data["version"]})


def test_a_record_of_before_there_were_types_of_tasks(pair: dict[str, Classifier]) -> None:
    """A locked study has such records, and its hash is over them as they were written."""
    data = json.loads(explain(pair["bcos"], TEXT).to_json())
    earlier = {name: value for name, value in data.items() if name not in ("task_type", "bias_share")} | {"version": 2}
    record = Attribution.from_dict(earlier)
    assert (record.task_type, record.bias_share) == ("single-label", 0.0)
    assert json.loads(record.to_json()) == earlier


def test_tokens_point_into_the_text(pair: dict[str, Classifier]) -> None:
    record = explain(pair["bcos"], "Good film")
    assert [(t.text, t.start, t.end) for t in record.tokens] == [
        ("[CLS]", None, None),
        ("good", 0, 4),
        ("film", 5, 9),
        ("[SEP]", None, None),
    ]


def test_words_add_up_to_the_ordinary_tokens(pair: dict[str, Classifier]) -> None:
    record = explain(pair["bcos"], TEXT)
    words = word_scores(record)
    assert sum(word.score for word in words) + record.added_share == pytest.approx(sum(record.scores), abs=1e-9)
    by_text = {word.text: word.score for word in words}
    inside = [s for t, s in zip(record.tokens, record.scores, strict=True) if t.start is not None and 3 <= t.start < 8]
    assert len(inside) > 1 and by_text["isn't"] == pytest.approx(sum(inside))


def test_striking_predicts_by_the_heatmap_and_measures_the_model(pair: dict[str, Classifier]) -> None:
    classifier = pair["bcos"]
    record = explain(classifier, "a good film", target=1)
    result = strike(classifier, record, [(2, 6)])
    masked = predict(classifier, ["a [MASK] film"])[0]
    assert result.struck == 1
    assert result.predicted_change == pytest.approx(-record.scores[2])
    assert result.logit == pytest.approx(masked.logits[1], abs=1e-6)
    assert result.actual_change == pytest.approx(masked.logits[1] - record.logit, abs=1e-6)
    nothing = strike(classifier, record, [])
    assert (nothing.predicted_change, nothing.struck) == (0, 0)
    assert nothing.actual_change == pytest.approx(0, abs=1e-6)
    with pytest.raises(InputError, match="does not answer as this record"):
        strike(pair["conventional"], record, [(2, 6)])


def test_words_are_not_struck_from_a_model_whose_configuration_was_changed(tmp_path: Path) -> None:
    folder = save_foreign(tmp_path / "model", heads=4)
    record = explain(load(folder), "a good film", method="occlusion")
    strike(load(folder), record, [(2, 6)])
    save_foreign(tmp_path / "model", heads=2)  # of the same weights
    changed = load(folder)
    assert changed.weights_hash == record.weights_hash
    with pytest.raises(InputError, match="was changed since"):
        strike(changed, record, [(2, 6)])


def save_foreign(folder: Path, heads: int) -> Path:
    """A random model as `save_pretrained` leaves it; another number of heads changes no weight."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=30522,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=heads,
        intermediate_size=16,
        max_position_embeddings=32,
        initializer_range=0.3,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(embedded_path()).save_pretrained(folder)
    return folder


def test_a_long_text_is_explained_up_to_the_limit(pair: dict[str, Classifier]) -> None:
    record = explain(pair["bcos"], "good " * 600)
    assert len(record.tokens) == 512
    assert record.truncated_at == 5 * 510 - 1
    assert record.completeness_error <= 1e-4 * max(1.0, abs(record.logit))
    words = word_scores(record)
    assert (words[509].read, words[510].read) == (True, False)


@pytest.mark.parametrize("text", ["x", "é", "ש", "مرحبا بالعالم", "a" * 5000, "\u200bok", "🎬" * 40, "\ud800 film"])
def test_odd_texts_are_explained(text: str, pair: dict[str, Classifier]) -> None:
    record = explain(pair["bcos"], text)
    assert record.completeness_error <= 1e-4 * max(1.0, abs(record.logit))
    assert all(0 <= t.start < t.end <= len(text) for t in record.tokens if t.start is not None and t.end is not None)


@pytest.mark.parametrize("text", ["", "   \n", "\u200b\u200b"])
def test_a_text_with_nothing_in_it_is_refused(text: str, pair: dict[str, Classifier]) -> None:
    with pytest.raises(TextError, match="at least one word"):
        explain(pair["bcos"], text)


def test_bad_names_list_the_good_ones(pair: dict[str, Classifier]) -> None:
    with pytest.raises(UnknownNameError, match="bcos, .*occlusion"):
        explain(pair["bcos"], "x", method="magic")
    with pytest.raises(UnknownNameError, match="negative, neutral"):
        explain(pair["bcos"], "x", target="sad")
    with pytest.raises(UnknownNameError, match="mask, none, pad"):
        explain(pair["bcos"], "x", reference="zero")
    with pytest.raises(UnknownNameError, match="steps"):
        explain(pair["bcos"], "x", method="integrated_gradients", stepz=3)
    with pytest.raises(InputError, match="class is 7; expected one whole number from 0 to 2"):
        explain(pair["bcos"], "x", target=7)
    with pytest.raises(InputError, match="Only for B-cos models"):
        explain(pair["conventional"], "x", method="bcos")
    assert explain(pair["conventional"], "x").method == "pullback"  # its own sum
    assert explain(pair["bcos"], []) == []


def test_scores_without_a_direction_predict_no_change(pair: dict[str, Classifier]) -> None:
    text = "Good film"
    directed, undirected = (
        strike(pair["bcos"], explain(pair["bcos"], text, method=m), [(0, 4)]) for m in ("bcos", "saliency")
    )
    assert directed.predicted_change is not None and undirected.predicted_change is None
    assert undirected.actual_change == pytest.approx(directed.actual_change, abs=1e-6)
