"""Adapters, quantised checkpoints and models with code of their own are refused by name, with what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from folders import TEXT, change_config, change_weights, reference_logits, save_folder, tiny_tokenizer
from huggingface_hub.errors import EntryNotFoundError
from safetensors.torch import save_file
from torch import Tensor

from bcos_core.cli.main import main
from bcos_core.errors import CheckpointError, HubUnavailableError, UnsupportedModelError
from bcos_core.home import Home
from bcos_core.model import sources
from bcos_core.model.classifier import load, predict
from bcos_core.model.info import list_checkpoints, read_info
from bcos_core.model.sources import resolve_model

LORA = {"peft_type": "LORA", "base_model_name_or_path": "org/base", "r": 2, "lora_alpha": 4}
QUERY = "bert.encoder.layer.0.attention.self.query"
Variant = Callable[[Path], Path]


def write(folder: Path, name: str, content: object) -> None:
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


def changes(rank: int = 2) -> dict[str, Tensor]:
    torch.manual_seed(1)
    return {
        f"base_model.model.{QUERY}.lora_A.weight": torch.randn(rank, 16),
        f"base_model.model.{QUERY}.lora_B.weight": torch.randn(16, rank),
    }


def adapter(folder: Path) -> Path:
    """As PEFT's `save_pretrained` writes one, with the tokenizer that people save beside it."""
    tiny_tokenizer("bert").save_pretrained(folder)
    write(folder, "adapter_config.json", LORA)
    save_file(changes(), folder / "adapter_model.safetensors")
    return folder


def adapter_beside_its_model(folder: Path) -> Path:
    return adapter(save_folder(folder, "bert"))


def prompt(folder: Path) -> Path:
    write(adapter(folder), "adapter_config.json", LORA | {"peft_type": "PROMPT_TUNING"})
    return folder


def not_merged(folder: Path) -> Path:
    """The weights of a PEFT model as a whole, as `torch.save(model.state_dict())` or a trainer without it writes."""

    def wrapped(state: dict[str, Tensor]) -> dict[str, Tensor]:
        named = {key.replace(f"{QUERY}.", f"{QUERY}.base_layer."): tensor for key, tensor in state.items()}
        return {**{f"base_model.model.{key}": tensor for key, tensor in named.items()}, **changes()}

    change_weights(save_folder(folder, "bert"), wrapped)
    return folder


def quantised(**config: object) -> Variant:
    def made(folder: Path) -> Path:
        change_config(save_folder(folder, "bert"), **config)
        return folder

    return made


def with_a_file(name: str) -> Variant:
    def made(folder: Path) -> Path:
        write(save_folder(folder, "bert"), name, {"bits": 4})
        return folder

    return made


def packed(folder: Path) -> Path:
    """Eight weights of 4 bits in a whole number, as GPTQ and AWQ have them."""
    packed = {f"{QUERY}.qweight": torch.zeros(2, 16, dtype=torch.int32), f"{QUERY}.scales": torch.ones(1, 16)}
    change_weights(
        save_folder(folder, "bert"), lambda state: {k: v for k, v in state.items() if k != f"{QUERY}.weight"} | packed
    )
    return folder


def of_8_bits(folder: Path) -> Path:
    """As bitsandbytes has them: whole numbers, and a scale for each row."""
    rounded = {f"{QUERY}.weight": torch.ones(16, 16).to(torch.int8), f"{QUERY}.SCB": torch.ones(16)}
    change_weights(save_folder(folder, "bert"), lambda state: state | rounded)
    return folder


def gguf(folder: Path) -> Path:
    folder.mkdir()
    (folder / "model-q4_k_m.gguf").write_bytes(b"GGUF")
    return folder


def gguf_with_a_config(folder: Path) -> Path:
    save_folder(folder, "bert")
    (folder / "model.safetensors").rename(folder / "model-q8_0.gguf")
    return folder


def with_code(folder: Path) -> Path:
    code = {"AutoModelForSequenceClassification": "modeling_own.OwnForSequenceClassification"}
    change_config(save_folder(folder, "bert"), auto_map=code)
    (folder / "modeling_own.py").write_text("raise SystemExit('this must never run')")
    return folder


def with_a_tokenizers_code(folder: Path) -> Path:
    save_folder(folder, "bert")
    file = folder / "tokenizer_config.json"
    write(folder, file.name, json.loads(file.read_text()) | {"auto_map": {"AutoTokenizer": ["own.Own", None]}})
    return folder


MERGE = r"merge_and_unload\(\)\.save_pretrained"
FLOAT = "Use the model that it was made from, in 16 or 32 bits a weight"
VARIANTS: dict[str, tuple[Variant, str]] = {
    "LoRA": (adapter, rf"adapter in it: .* of 'org/base' .*\(LORA\).*{MERGE}"),
    "LoRA beside its model": (adapter_beside_its_model, rf"\(LORA\).*{MERGE}.*remove adapter_config\.json"),
    "prompt tuning": (prompt, "PROMPT_TUNING.*cannot be merged"),
    "LoRA not merged": (not_merged, r"adapter in them that was not merged.*merge_and_unload"),
    "GPTQ": (quantised(quantization_config={"quant_method": "gptq", "bits": 4}), rf"quantised \(gptq\).*{FLOAT}"),
    "AWQ": (quantised(quantization_config={"quant_method": "awq"}), rf"quantised \(awq\).*{FLOAT}"),
    "int8": (quantised(quantization_config={"load_in_8bit": True}), rf"quantised .*{FLOAT}.*dequantize"),
    "FP8": (quantised(compression_config={"quant_method": "compressed-tensors"}), r"quantised \(compressed-tensors\)"),
    "GPTQ of old": (with_a_file("quantize_config.json"), r"quantised \(GPTQ\)"),
    "AWQ of old": (with_a_file("quant_config.json"), r"quantised \(AWQ\)"),
    "packed weights": (packed, r"quantised \(it has the tensor .*qweight\)"),
    "8-bit weights": (of_8_bits, r"quantised \(it has the tensor .*SCB\)"),
    "GGUF": (gguf, f"GGUF.*{FLOAT}"),
    "GGUF with a config": (gguf_with_a_config, f"GGUF.*{FLOAT}"),
    "code": (with_code, r"code.*auto_map: modeling_own\.OwnForSequenceClassification.*remove auto_map"),
    "a tokenizer's code": (with_a_tokenizers_code, "tokenizer that is made by code.*remove auto_map"),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_door_refuses_it_by_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home((tmp_path / "home").resolve()).create()
    monkeypatch.setenv("BCOS_HOME", str(home.root))
    make, message = VARIANTS[name]
    folder = make(home.models / "mine")
    for read in (load, read_info, lambda path: resolve_model(str(path))):
        with pytest.raises(UnsupportedModelError, match=f"(?s){message}"):
            read(folder)
    listing = list_checkpoints(home)  # what Models, Compare and Evaluate offer
    assert not listing.found and [one.name for one in listing.left_out] == ["mine"]
    assert re.search(message, listing.left_out[0].reason, re.DOTALL)
    for words in (["train", "--model", str(folder)], ["explain", "mine", "--text", TEXT], ["evaluate", "mine"]):
        assert main([*words, "--json"]) == 2
        said = json.loads(capsys.readouterr().out.splitlines()[-1])["error"]
        assert said["type"] == "UnsupportedModelError" and re.search(message, said["message"], re.DOTALL)


def test_a_gguf_file_in_place_of_a_folder(tmp_path: Path) -> None:
    file = gguf(tmp_path / "one") / "model-q4_k_m.gguf"
    for read in (load, resolve_model):
        with pytest.raises(UnsupportedModelError, match="GGUF"):
            read(str(file))


def test_what_the_advice_makes_is_read(tmp_path: Path) -> None:
    """LoRA's W + (alpha / r) B A (arXiv 2106.09685, equation 3), which merging writes."""
    folder = save_folder(tmp_path / "merged", "bert")
    a, b = changes().values()
    update = LORA["lora_alpha"] / LORA["r"] * b @ a  # type: ignore[operator]
    change_weights(folder, lambda state: state | {f"{QUERY}.weight": state[f"{QUERY}.weight"] + update})
    expected = reference_logits(folder)
    assert predict(load(folder, device="cpu"), [TEXT])[0].logits == pytest.approx(expected.tolist(), abs=1e-5)
    assert not torch.allclose(expected, reference_logits(save_folder(tmp_path / "base", "bert")))


def test_a_damaged_adapter_is_told_so(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "one")
    (folder / "adapter_config.json").write_text("{")
    with pytest.raises(CheckpointError, match="adapter_config.json is not JSON"):
        load(folder)


def test_a_name_from_elsewhere_is_text(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "one")
    write(folder, "adapter_config.json", LORA | {"base_model_name_or_path": "x" * 10_000, "peft_type": ["a"] * 10_000})
    with pytest.raises(UnsupportedModelError) as refused:
        load(folder)
    assert len(str(refused.value)) < 1_000


@pytest.fixture
def on_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A hub that has one repository, with this config.json, and perhaps an adapter."""

    def put(config: dict[str, object] | None, *, files: tuple[str, ...] = ()) -> None:
        def fetch(hub_id: str, file: str, **options: object) -> str:
            if config is None or options.get("local_files_only"):
                raise EntryNotFoundError(f"no {file}")
            write(tmp_path, "fetched.json", config)
            return str(tmp_path / "fetched.json")

        monkeypatch.setattr(sources, "hf_hub_download", fetch)
        monkeypatch.setattr(sources, "require_hub", lambda what: None)
        monkeypatch.setattr(sources, "file_exists", lambda hub_id, file: file in files)

    return put


def test_the_hub_is_a_door_too(on_the_hub: Callable[..., None]) -> None:
    on_the_hub({"model_type": "bert"})
    assert resolve_model("org/one").family == "BERT"
    on_the_hub(None, files=("adapter_config.json",))
    with pytest.raises(UnsupportedModelError, match=f"'org/one' is an adapter.*{MERGE}"):
        resolve_model("org/one")
    on_the_hub({"model_type": "llama", "quantization_config": {"quant_method": "awq"}})
    with pytest.raises(UnsupportedModelError, match=r"org/one is quantised \(awq\)"):
        resolve_model("org/one")
    on_the_hub({"model_type": "own", "auto_map": {"AutoConfig": "own.Config"}})
    with pytest.raises(UnsupportedModelError, match=r"auto_map: own\.Config"):
        resolve_model("org/one")
    on_the_hub({})
    with pytest.raises(UnsupportedModelError, match="'unknown'"):
        resolve_model("org/one")
    on_the_hub(None)
    with pytest.raises(HubUnavailableError, match="no usable model"):
        resolve_model("org/one")
    on_the_hub({"model_type": {"a": 1}})
    with pytest.raises(UnsupportedModelError):
        resolve_model("org/one")
