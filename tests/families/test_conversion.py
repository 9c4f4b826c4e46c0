"""Conversion by rules: every part has one, or is refused by name; decoders pool by their mask; folders round-trip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_families import DECODERS, TINY, ids_of, padded, tiny_config, tiny_model
from torch import nn
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM

from bcos_core import convert
from bcos_core.errors import UnsupportedModelError
from bcos_core.families import FAMILIES, family_named, require_settings
from bcos_core.families.refused import REFUSED
from bcos_core.model.anatomy import family_of
from bcos_core.model.auto import AutoModelForSequenceClassification
from bcos_core.model.info import read_config
from bcos_core.model.layers import BcosLinear, ConstantLinear, Linear, Norm
from bcos_core.model.loading import load_finished, load_to_train
from bcos_core.model.view import ModelView, attention_probabilities

every_family = pytest.mark.parametrize("name", list(TINY))


@every_family
def test_every_part_after_e_has_been_made_anew(name: str) -> None:
    original = tiny_model(name)
    converted = convert(original, b=1.5)
    family = family_of(original)
    for path, module in converted.named_modules():
        if next(module.parameters(recurse=False), None) is not None and not family.is_kept(path):
            assert isinstance(module, Linear | Norm), path
            assert module.bias is None or isinstance(module, ConstantLinear)
    weights = dict(original.named_parameters())
    for path, parameter in converted.named_parameters():  # under the same names, in the same shapes
        assert torch.equal(parameter, weights[path])
    kinds = [type(module) for module in converted.modules()]
    assert (ConstantLinear in kinds) == family.own_attention
    blocks = len(converted.get_submodule(family.blocks))
    steps = [step for step in family.steps if step.kind == "bcos"]
    per_block = sum(len(step.linears) for step in steps)
    assert kinds.count(BcosLinear) == blocks * per_block + sum(len(step.linears) for step in family.head)


@every_family
def test_a_part_without_a_rule_is_refused_by_name(name: str) -> None:
    model = tiny_model(name)
    family = family_of(model)
    block = model.get_submodule(family.blocks)[0]
    block.added = nn.Linear(4, 4)
    with pytest.raises(UnsupportedModelError, match=r"no rule for '.*\.0\.added'"):
        convert(model, in_place=True)
    del block.added
    path = family.steps[0].linears[0]
    inner = block.get_submodule(path)
    adapted = nn.Sequential(inner)  # as an adapter wraps it
    block.set_submodule(path, adapted)
    with pytest.raises(UnsupportedModelError, match="adapter"):
        convert(model, in_place=True)
    assert not [module for module in model.modules() if isinstance(module, Linear)]


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("DeBERTa v2", "conv_kernel_size", 3),
        ("ALBERT", "inner_group_num", 2),
        ("MPNet", "pad_token_id", 0),
        ("Gemma 3", "attn_logit_softcapping", 50.0),
        ("Gemma 3", "use_bidirectional_attention", True),
        ("OPT", "do_layer_norm_before", False),
    ],
)
def test_a_setting_without_a_rule_is_refused_by_name(name: str, setting: str, value: Any) -> None:
    config = tiny_config(name, **{setting: value})
    with pytest.raises(UnsupportedModelError, match=rf"{setting} {value!r} is refused"):
        require_settings(family_named(config.model_type), config)


@pytest.mark.parametrize(
    ("name", "rope"),
    [
        ("Llama", {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10_000.0}),
        ("Gemma 3", {"full_attention": {"rope_type": "longrope"}, "sliding_attention": {"rope_type": "default"}}),
    ],
)
def test_rotary_positions_that_depend_on_the_batch_are_refused(name: str, rope: dict[str, Any]) -> None:
    config = tiny_config(name)
    config.rope_parameters = rope
    with pytest.raises(UnsupportedModelError, match="rope_type '(dynamic|longrope)' is refused"):
        require_settings(family_named(config.model_type), config)


@pytest.mark.parametrize("name", ["ModernBERT", "Llama", "GPT-2", "OPT", "DeBERTa v3", "ELECTRA"])
def test_training_begins_with_a_pretrained_model_without_a_head(name: str, tmp_path: Path) -> None:
    """A bare model, and one for another purpose, as they are published: all but the head is theirs."""
    whole = tiny_model(name)
    ids, mask = ids_of(8)
    for bare in (True, False):
        with_words = AutoModelForCausalLM if family_of(whole).decoder else AutoModelForMaskedLM
        pretrained = (AutoModel if bare else with_words).from_config(whole.config)
        base = pretrained if bare else pretrained.base_model
        base.load_state_dict(whole.base_model.state_dict(), strict=False)
        folder = tmp_path / str(bare)
        pretrained.save_pretrained(folder)
        loaded = load_to_train(folder, num_labels=4, seed=0)
        assert any("The head is new" in note for note in loaded.notes)
        for path, parameter in whole.base_model.named_parameters():
            assert torch.equal(loaded.model.base_model.get_parameter(path), parameter)
        assert ModelView(loaded.model).predict(ids, mask).shape == (1, 4)


def test_families_that_cannot_be_had_say_why() -> None:
    for model_type, reason in REFUSED.items():
        with pytest.raises(UnsupportedModelError, match=r"cannot be converted: .*Supported: BERT, RoBERTa") as raised:
            family_named(model_type)
        assert reason in str(raised.value)
        assert not [family for family in FAMILIES.values() if model_type in family.model_types]


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("pad_token_id", [None, 7])
def test_a_decoder_pools_by_its_mask_and_not_by_ids(name: str, pad_token_id: int | None) -> None:
    """With a padding id that the text ends in, and with none at all, in batches."""
    model = tiny_model(name)
    ids, mask = ids_of(6)
    ids[0, -2:] = 7
    base = getattr(model, model.base_model_prefix)
    with torch.no_grad():
        last = base(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state[0, -1]
        wanted = model.score(last)
    model.config.pad_token_id = pad_token_id
    view = ModelView(model)
    for side in ("left", "right"):
        other = ids_of(11, seed=3)
        wide, wide_mask = padded(ids, mask, 11, side=side)
        found = view.predict(torch.cat([wide, other[0]]), torch.cat([wide_mask, other[1]]))
        torch.testing.assert_close(found[0], wanted, atol=2e-5, rtol=1e-5)
    converted = convert(model, b=1.0)
    rows, shown = padded(ids, mask, 11, side="right")
    with torch.no_grad():
        trained = converted(input_ids=rows.repeat(2, 1), attention_mask=shown.repeat(2, 1)).logits
    torch.testing.assert_close(trained[0], ModelView(converted).predict(ids, mask)[0], atol=2e-5, rtol=1e-5)


@every_family
@pytest.mark.parametrize("keep_biases", [False, True], ids=["without biases", "with biases"])
def test_a_folder_gives_back_what_was_saved(name: str, keep_biases: bool, tmp_path: Path) -> None:
    model = convert(tiny_model(name), b=1.5, keep_biases=keep_biases)
    model.save_pretrained(tmp_path)
    loaded = load_finished(tmp_path).model
    ids, mask = ids_of(8, rows=2)
    assert torch.equal(ModelView(loaded).predict(ids, mask), ModelView(model).predict(ids, mask))
    assert loaded.config.bcos == model.config.bcos
    assert type(loaded).__name__ == type(model).__name__
    assert read_config(tmp_path).position_limit == TINY[name].tokens
    for path, parameter in model.named_parameters():
        assert torch.equal(loaded.get_parameter(path), parameter)


@every_family
def test_a_conventional_folder_is_read_too(name: str, tmp_path: Path) -> None:
    model = tiny_model(name)
    model.save_pretrained(tmp_path)
    ids, mask = ids_of(8)
    loaded = load_finished(tmp_path).model
    with torch.no_grad():
        wanted = AutoModelForSequenceClassification.from_pretrained(tmp_path)(input_ids=ids, attention_mask=mask).logits
    torch.testing.assert_close(ModelView(loaded).predict(ids, mask), wanted, atol=1e-5, rtol=1e-5)


@every_family
def test_attention_probabilities_make_the_same_logits(name: str) -> None:
    model = tiny_model(name)
    ids, mask = padded(*ids_of(6), 9, side="right")
    logits, layers = attention_probabilities(model, ids, mask)
    torch.testing.assert_close(logits, ModelView(model).predict(ids, mask), atol=1e-5, rtol=1e-5)
    assert len(layers) == model.config.num_hidden_layers
    for layer in layers:
        torch.testing.assert_close(layer[0, :, :6].sum(-1), torch.ones(4, 6))
        assert layer[0, :, :6, 6:].abs().max() == 0


def test_a_family_is_declared_without_pytorch() -> None:
    import subprocess
    import sys

    code = "import sys, bcos_core.families; assert not {'torch', 'transformers', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
