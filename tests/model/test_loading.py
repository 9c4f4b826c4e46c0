"""What is loaded is the model that was saved, whole, in float32; anything else is refused by name."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest
import torch
from folders import (
    FAMILIES,
    TEXT,
    change_config,
    change_weights,
    reference_logits,
    save_folder,
    save_model,
    tiny_tokenizer,
)
from safetensors.torch import load_file
from tiny import ids_of, tiny_model
from transformers import BertConfig, BertForMaskedLM, BertForTokenClassification, BertModel

from bcos_core.errors import CheckpointError, InputError, UnsupportedModelError
from bcos_core.model.checkpoint import load_model, save_checkpoint
from bcos_core.model.classifier import load, predict
from bcos_core.model.convert import convert
from bcos_core.model.info import read_info
from bcos_core.model.sources import Pretrained, load_pretrained, resolve_model

LABELS = ("bad", "fair", "good")


def logits_of(folder: Path, text: str = TEXT) -> torch.Tensor:
    return torch.tensor(predict(load(folder, device="cpu"), [text])[0].logits)


def pretrained(folder: Path, *, classes: int = 3, seed: int = 0) -> Pretrained:
    return load_pretrained(resolve_model(str(folder)), num_labels=classes, seed=seed)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_folder_gives_what_transformers_gives(family: str, tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", family)
    before = torch.get_rng_state()
    torch.testing.assert_close(logits_of(folder), reference_logits(folder), rtol=1e-5, atol=1e-5)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("part", ["layer.1.", "embeddings.LayerNorm.bias", "classifier."])
def test_weights_with_parts_missing_are_refused_by_name(family: str, part: str, tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", family)
    dropped = [key for key in load_file(folder / "model.safetensors") if part in key]
    change_weights(folder, lambda state: {key: value for key, value in state.items() if part not in key})
    with pytest.raises(CheckpointError) as refused:
        load(folder)
    if part == "layer.1.":
        assert "have 1 layers, but its config.json says 2" in str(refused.value)
    else:
        assert dropped[0].rpartition(".")[0] in str(refused.value)


@pytest.mark.parametrize("kind", [BertModel, BertForMaskedLM, BertForTokenClassification])
def test_a_model_that_is_no_classifier_is_refused_and_can_be_trained(kind: type, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=99, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24, num_labels=3
    )
    folder = save_model(tmp_path / "one", kind(config))
    with pytest.raises(UnsupportedModelError, match=f"{kind.__name__}.*Train one from it"):
        load(folder)
    change_config(folder, architectures=["BertForSequenceClassification"])
    with pytest.raises(CheckpointError, match="head|pooler"):
        load(folder)
    change_config(folder, architectures=[kind.__name__])
    found, again, other = pretrained(folder), pretrained(folder), pretrained(folder, seed=1)
    (said,) = [note for note in found.notes if "is new" in note]
    assert ("bert.pooler.dense" in said) == (kind is not BertModel) and "classifier" in said
    if kind is BertForMaskedLM:
        assert any("cls.predictions" in note for note in found.notes)
    stored = load_file(folder / "model.safetensors")
    prefix = "" if kind is BertModel else "bert."
    for name, tensor in found.model.bert.encoder.state_dict().items():
        assert torch.equal(tensor, stored[f"{prefix}encoder.{name}"])
    assert torch.equal(found.model.classifier.weight, again.model.classifier.weight)
    assert not torch.equal(found.model.classifier.weight, other.model.classifier.weight)
    if kind is BertForTokenClassification:  # its last layer names words, not texts
        assert not torch.equal(found.model.classifier.weight, stored["classifier.weight"])


@pytest.mark.parametrize("family", FAMILIES)
def test_training_keeps_a_head_that_fits_and_draws_one_of_another_size(family: str, tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", family)
    stored = load_file(folder / "model.safetensors")
    same = pretrained(folder)
    assert same.notes == ()
    assert all(torch.equal(tensor, stored[name]) for name, tensor in same.model.state_dict().items())
    two = pretrained(folder, classes=2)
    last = "classifier.out_proj" if family == "roberta" else "classifier"
    assert two.notes == (f"The head is new, drawn from the seed: {last}.",)
    assert two.model.config.num_labels == 2
    for name, tensor in two.model.state_dict().items():
        if not name.startswith(last + "."):
            assert torch.equal(tensor, stored[name])


def test_training_refuses_what_lacks_more_than_a_head(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "bert")
    change_weights(
        folder, lambda state: {k: v for k, v in state.items() if k != "bert.encoder.layer.0.output.dense.bias"}
    )
    with pytest.raises(CheckpointError, match=r"bert\.encoder\.layer\.0\.output\.dense"):
        resolve_model(str(folder))
    folder = save_folder(tmp_path / "bias", "bert")
    change_weights(folder, lambda state: {k: v for k, v in state.items() if k != "classifier.bias"})
    with pytest.raises(CheckpointError, match="classifier"):
        pretrained(folder)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod."])
def test_a_wrappers_prefix_comes_off_and_is_said(family: str, prefix: str, tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", family)
    expected = reference_logits(folder)
    stored = load_file(folder / "model.safetensors")
    change_weights(folder, lambda state: {prefix + key: value for key, value in state.items()})
    torch.testing.assert_close(logits_of(folder), expected, rtol=1e-5, atol=1e-5)
    assert any(prefix.split(".")[0] in note for note in load(folder).notes)
    found = pretrained(folder)
    assert all(torch.equal(tensor, stored[name]) for name, tensor in found.model.state_dict().items())
    assert any(prefix.split(".")[0] in note for note in found.notes)


def test_names_of_the_first_published_weights(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "bert")
    expected = reference_logits(folder)

    def old(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        old_names = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
        for new_name, old_name in old_names.items():
            state = {key.replace(new_name, old_name): value for key, value in state.items()}
        return {**state, "bert.embeddings.position_ids": torch.arange(64)[None]}

    change_weights(folder, old)
    torch.testing.assert_close(logits_of(folder), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("bcos", [False, True])
def test_every_precision_is_computed_in_float32(dtype: torch.dtype, bcos: bool, tmp_path: Path) -> None:
    model = convert(tiny_model("bert")) if bcos else tiny_model("bert")
    rounded = convert(tiny_model("bert")) if bcos else tiny_model("bert")
    rounded.load_state_dict({key: value.to(dtype).float() for key, value in model.state_dict().items()})
    ids, mask = ids_of(9)
    expected = rounded(input_ids=ids, attention_mask=mask).logits
    loaded = load_model(save_model(tmp_path / "one", model.to(dtype)))
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}
    torch.testing.assert_close(loaded(input_ids=ids, attention_mask=mask).logits, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"problem_type": "regression"}, "a score has one"),
        ({"problem_type": "ranking"}, "ranking"),
        ({"is_decoder": True}, "decoder"),
        ({"quantization_config": {"quant_method": "bitsandbytes"}}, "quantised"),
        ({"num_hidden_layers": 100_000}, "256"),
        ({"num_hidden_layers": 3}, "have 2 layers, but its config.json says 3"),
        ({"num_hidden_layers": 1}, "have 2 layers, but its config.json says 1"),
        ({"vocab_size": 10**12}, "99 × 16 in the weights and 1000000000000 × 16"),
        ({"vocab_size": 10**30}, "describes no model"),
        ({"hidden_size": 10**9}, "in the weights and"),
        ({"hidden_size": 15}, "describes no model"),
        ({"hidden_act": "nonsense"}, "describes no model"),
        ({"max_position_embeddings": 10**6}, "64 × 16 in the weights and 1000000 × 16"),
        ({"type_vocab_size": 3}, "2 × 16 in the weights and 3 × 16"),
        ({"model_type": "roberta"}, "none of the parts of a RoBERTa classifier"),
    ],
)
def test_a_config_that_the_weights_do_not_fit(changes: dict[str, object], message: str, tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "bert")
    change_config(folder, **changes)
    with pytest.raises(InputError, match=message):
        load(folder)


def test_the_head_says_what_kind_of_task_it_is_for(tmp_path: Path) -> None:
    config = tiny_model("bert").config
    config.num_labels = 1
    folder = save_model(tmp_path / "one", type(tiny_model("bert"))(config))
    classifier = load(folder)  # as transformers has it: a single output is a score
    assert classifier.task_type.name == "regression" and read_info(folder).task_type == "regression"
    (answer,) = predict(classifier, ["a good film"])
    assert answer.probabilities == () and len(answer.logits) == 1
    several = save_folder(tmp_path / "several", "bert")
    change_config(several, problem_type="multi_label_classification")
    (answer,) = predict(load(several), ["a good film"])
    expected = [1 / (1 + math.exp(-logit)) for logit in answer.logits]
    assert answer.probabilities == pytest.approx(expected) and sum(expected) != pytest.approx(1.0)


def test_a_head_of_another_kind_of_task_is_not_trained_on(tmp_path: Path) -> None:
    several = save_folder(tmp_path / "several", "bert")
    change_config(several, problem_type="multi_label_classification")
    found = pretrained(several)
    assert "The head is new, drawn from the seed: classifier." in found.notes
    assert found.model.config.problem_type == "single_label_classification"


@pytest.mark.parametrize("given", [None, {}])
def test_classes_without_names_go_by_number(given: object, tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "bert")
    change_config(folder, id2label=given)
    assert read_info(folder).labels == load(folder).labels == ("0", "1", "2")


@pytest.mark.parametrize("given", [["a", "b", "c"], {"0": "a", "1": "b"}, {"x": "a", "1": "b", "2": "c"}])
def test_names_of_other_classes_are_refused_before_loading(given: object, tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "bert")
    change_config(folder, id2label=given)
    for read in (read_info, load):
        with pytest.raises(CheckpointError, match="id2label"):
            read(folder)


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "bert")

    def broken(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        state["bert.embeddings.word_embeddings.weight"][7, 3] = float("nan")
        return state

    change_weights(folder, broken)
    with pytest.raises(CheckpointError, match="word_embeddings.*not finite"):
        load(folder)
    quantised = save_folder(tmp_path / "quantised", "bert")
    change_weights(quantised, lambda state: {key: value.to(torch.int8) for key, value in state.items()})
    with pytest.raises(CheckpointError, match="type I8"):
        load(quantised)


def test_parts_that_the_architecture_does_not_have_are_refused(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "bert")
    change_weights(folder, lambda state: {**state, "adapter.weight": torch.ones(2, 2)})
    with pytest.raises(CheckpointError, match="adapter"):
        load(folder)
    pooler = save_folder(tmp_path / "pooler", "roberta")  # written by older versions, read by no RoBERTa classifier
    expected = reference_logits(pooler)
    change_weights(pooler, lambda state: {**state, "roberta.pooler.dense.weight": torch.ones(16, 16)})
    torch.testing.assert_close(logits_of(pooler), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bcos", [False, True])
def test_all_shards_are_read(bcos: bool, tmp_path: Path) -> None:
    folder = tmp_path / "one"
    model = convert(tiny_model("bert")) if bcos else tiny_model("bert")
    save_checkpoint(model, tiny_tokenizer("bert"), folder, labels=LABELS, max_length=64)
    expected = logits_of(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="10KB")
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 1
    torch.testing.assert_close(logits_of(folder), expected, rtol=1e-6, atol=1e-6)
    assert any("weight files" in note for note in load(folder).notes)
    content = shards[0].read_bytes()
    shards[0].write_bytes(shards[1].read_bytes())
    with pytest.raises(CheckpointError, match="of two models"):
        load(folder)
    shards[0].unlink()
    with pytest.raises(CheckpointError, match=f"lacks {shards[0].name}"):
        load(folder)
    index = folder / "model.safetensors.index.json"
    outside = tmp_path / "outside.safetensors"
    outside.write_bytes(content)
    places = json.loads(index.read_text())
    places["weight_map"] = {
        key: "../outside.safetensors" if file == shards[0].name else file for key, file in places["weight_map"].items()
    }
    index.write_text(json.dumps(places))
    with pytest.raises(CheckpointError, match="not a weight file beside it"):
        load(folder)


def test_pickled_weights_are_tensors_and_nothing_else(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "bert")
    expected, state = reference_logits(folder), load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    torch.testing.assert_close(logits_of(folder), expected, rtol=1e-5, atol=1e-5)
    torch.save({"model": tiny_model("bert")}, folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="pytorch_model.bin"):
        load(folder)
    torch.save({"state_dict": state}, folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="tensors by name"):
        load(folder)
    key = "bert.embeddings.word_embeddings.weight"  # one number that stands for 16 TB
    torch.save({**state, key: torch.zeros(1).expand(10**12, 16)}, folder / "pytorch_model.bin")
    change_config(folder, vocab_size=10**12)
    with pytest.raises(CheckpointError, match="its tensors ask for"):
        load(folder)


def test_a_file_that_is_written_to_later_changes_no_loaded_model(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "bert")
    classifier = load(folder, device="cpu")
    expected = predict(classifier, [TEXT])[0].logits
    file = folder / "model.safetensors"
    with file.open("r+b") as stream:
        stream.seek(file.stat().st_size // 2)
        stream.write(bytes(file.stat().st_size // 2))
    assert predict(classifier, [TEXT])[0].logits == expected


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "setting",
    [
        {"return_dict": False},
        {"output_attentions": True},
        {"output_hidden_states": True},
        {"chunk_size_feed_forward": 3},
        {"return_dict": False, "output_attentions": True, "output_hidden_states": True},
    ],
)
def test_how_a_file_would_have_its_model_called_changes_nothing(
    family: str, setting: dict[str, object], tmp_path: Path
) -> None:
    folder = save_folder(tmp_path / "one", family)
    expected = reference_logits(folder)
    change_config(folder, **setting)
    torch.testing.assert_close(logits_of(folder), expected, rtol=1e-5, atol=1e-5)
    found = pretrained(folder).model.eval()
    with torch.no_grad():
        found_logits = found(**tiny_tokenizer(family)(TEXT, return_tensors="pt")).logits[0]
    torch.testing.assert_close(found_logits, expected, rtol=1e-5, atol=1e-5)


def test_relative_positions_are_refused(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "bert")
    change_config(folder, position_embedding_type="relative_key")
    for read in (load, resolve_model):
        with pytest.raises(UnsupportedModelError, match="relative_key"):
            read(str(folder))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_among_the_weights_is_not_waited_for(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "bert")
    expected = logits_of(folder)
    os.mkfifo(folder / "stray.safetensors")
    assert torch.equal(logits_of(folder), expected)
    (folder / "model.safetensors").unlink()
    (folder / "stray.safetensors").rename(folder / "model.safetensors")
    with pytest.raises(CheckpointError, match="no weights"):
        load(folder)
