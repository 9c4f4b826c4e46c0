"""Folders that hold a variant of a model instead of its own weights: an adapter, quantised weights, code of its own.
Each is refused by its name, with what to do; nothing of it is loaded.

Read without the part that is missing here, each would be another model, whose answers look as good as any.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bcos_core.errors import CheckpointError, UnsupportedModelError
from bcos_core.home import allowed_roots
from bcos_core.storage.stored_json import read_json

ADAPTER = "adapter_config.json"  # of PEFT and of AdapterHub
TOKENIZER = "tokenizer_config.json"
GGUF = "*.gguf"
# Where libraries say beside config.json how they quantised; today's say it in its `quantization_config`.
QUANTISED_BY = {"quantize_config.json": "GPTQ", "quant_config.json": "AWQ", "hf_quant_config.json": "ModelOpt"}
# Adapters of these types are vectors put before the text, so that there is nothing to merge into a weight.
NOT_MERGED = ("PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "MULTITASK_PROMPT_TUNING", "ADAPTION_PROMPT", "CPT")
# Parts of the names of tensors. PEFT's, of an adapter that was not merged:
ADAPTED = (".lora_", ".base_layer.", ".ia3_", ".hada_", ".lokr_", ".oft_", ".modules_to_save.")
# Those that stand for a weight or scale one, by GPTQ and AWQ, bitsandbytes, compressed-tensors, quanto:
ROUNDED = (".qweight", ".qzeros", ".SCB", ".absmax", ".quant_map", ".quant_state", ".weight_packed", ".weight_scale")

_FLOAT = "Use the model that it was made from, in 16 or 32 bits a weight"
_DEQUANTISE = (
    "model.dequantize().save_pretrained(new_folder), with model from "
    "AutoModelForSequenceClassification.from_pretrained(folder), or AutoModelForCausalLM of a language model"
)
_MERGE = (
    "model.merge_and_unload().save_pretrained(new_folder), with model from "
    "AutoPeftModelForSequenceClassification.from_pretrained(folder), or AutoPeftModelForCausalLM of a language model"
)


def require_own_weights(folder: Path) -> None:
    """Refuse, by the names of its files, a folder that is an adapter or quantised.

    Raises:
        UnsupportedModelError: says which, and what to do.
        CheckpointError: a damaged adapter_config.json.
    """
    if folder.suffix == ".gguf" and folder.is_file():
        raise _gguf(folder.name)
    if (folder / ADAPTER).exists():
        raise _adapter(folder)
    for file, title in QUANTISED_BY.items():
        if (folder / file).exists():
            raise _quantised(folder.name, title)
    if any(folder.glob(GGUF)) and not any(folder.glob("*.safetensors")) and not any(folder.glob("*.bin")):
        raise _gguf(folder.name)


def require_own_files(folder: Path) -> None:
    """Refuse a folder in which a file is a link to one elsewhere: a folder from somebody must not choose which of this
    machine's files are read. Links within it, to folders that may be read, and within the hub's cache, whose folders
    are made of links, are followed.

    Raises:
        CheckpointError: names the link.
    """
    try:
        links = [Path(one.path) for one in os.scandir(folder) if one.is_symlink()]
    except OSError:  # whoever reads the folder says so
        return
    if not links:
        return
    own = folder.resolve()
    cached = own.parent.parent if own.parent.name == "snapshots" else own
    for link in links:
        target = Path(os.path.realpath(link))
        if not any(target.is_relative_to(root) for root in (own, cached, *allowed_roots())):
            raise CheckpointError(
                f"{folder.name}/{link.name} is a link that leads out of the folder. Copy the file into the folder, or "
                "set BCOS_ROOTS to the folder that it lies in."
            )


def require_own_tokenizer(folder: Path) -> None:
    """Refuse a tokenizer that is made by code which comes with it.

    Raises:
        UnsupportedModelError: says so, and what to do.
    """
    with suppress(CheckpointError):  # none, or a damaged one: whoever loads it says so
        said = read_json(folder / TOKENIZER, dict[str, Any], error=CheckpointError, advice="")
        _refuse_code(said.get("auto_map"), f"{folder.name}/{TOKENIZER}", "a tokenizer")


def require_own_config(config: Mapping[str, Any], name: str) -> None:
    """Refuse what a config.json says is quantised, or is made by code that comes with it; `name` is the model's.

    Raises:
        UnsupportedModelError: says which, and what to do.
    """
    if quantised := config.get("quantization_config") or config.get("compression_config"):
        method = quantised.get("quant_method") if isinstance(quantised, Mapping) else None
        raise _quantised(name, str(method or "its quantization_config does not say how")[:60])
    _refuse_code(config.get("auto_map"), name, "a model")


def require_own_tensors(names: Iterable[str], name: str) -> None:
    """Refuse weights that are an adapter's or quantised ones, by the tensors' names; `name` is the model's.

    Raises:
        UnsupportedModelError: says which, and what to do.
    """
    for key in names:
        if any(part in f".{key}" for part in ADAPTED):
            raise UnsupportedModelError(
                f"The weights of {name} have an adapter in them that was not merged ({key}): read without it they are "
                f"another model's. Merge it with PEFT before saving: model.merge_and_unload().save_pretrained(…)."
            )
        if any(part in f".{key}" for part in ROUNDED):
            raise _quantised(name, f"it has the tensor {key}")


def adapter_advice(kind: str = "", base: object = None) -> str:
    """What an adapter is, and what to do with one of that type, for the model `base`."""
    of = f" of {str(base)[:200]!r}" if base else ""
    what = f"changes to a model{of} that lie apart from it{f' ({kind})' if kind else ''}."
    if kind in NOT_MERGED:
        return f"{what} Adapters of this type cannot be merged into weights: use a model that was fine-tuned whole."
    return (
        f"{what} Merge them with PEFT, {_MERGE}, save the tokenizer there too "
        "(tokenizer.save_pretrained(new_folder)), and use that folder."
    )


def _adapter(folder: Path) -> UnsupportedModelError:
    said = read_json(folder / ADAPTER, dict[str, Any], error=CheckpointError, advice="Copy the folder anew.")
    kind = str(said.get("peft_type") or said.get("architecture") or "")[:60]
    advice = adapter_advice(kind, said.get("base_model_name_or_path") or said.get("model_name"))
    if (folder / "config.json").exists():
        advice += f" If they are merged into the weights already, remove {ADAPTER} and the adapter's own weights."
    return UnsupportedModelError(f"The folder {folder.name} has an adapter in it: {advice}")


def _quantised(name: str, how: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        f"{name} is quantised ({how}): its weights are rounded to few bits, and read with scales that only their own "
        f"library knows. {_FLOAT}; or, with that library, save it so: {_DEQUANTISE}."
    )


def _gguf(name: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        f"{name} is a GGUF file, quantised for llama.cpp, and no folder that save_pretrained wrote. {_FLOAT}."
    )


def _refuse_code(auto_map: object, name: str, what: str) -> None:
    if not auto_map:
        return
    named = auto_map.values() if isinstance(auto_map, Mapping) else [auto_map]
    shown = ", ".join(str(one)[:100] for one in list(named)[:3])
    raise UnsupportedModelError(
        f"{name} is {what} that is made by code which comes with it (auto_map: {shown}). Code from elsewhere is not "
        "run here, and what it computes has no conversion rule. Use another model; if it is one that transformers has "
        "itself (its model_type says so) and the code is but a copy, remove auto_map from the file."
    )
