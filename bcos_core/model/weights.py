"""The weight files of a model folder: what they hold, and, once that fits, the tensors.

Whether a folder has the parts that a model needs, in their shapes, is known before anything is allocated, whatever its
config.json asks for.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import psutil
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from bcos_core.errors import CheckpointError, UnsupportedModelError
from bcos_core.model.headers import (
    ADVICE,
    INDEX,
    WEIGHTS,
    Headers,
    StoredTensor,
    damaged,
    read_shards,
    safetensors_headers,
)
from bcos_core.numbers import file_size

PICKLED = "pytorch_model.bin"  # of before safetensors
MAX_PARAMETERS = 2_000_000_000  # 8 GB in float32
BYTES_IN_MEMORY = 4
"""Of a parameter in float32, as everything is computed."""

_DTYPES = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}


def stored_tensors(folder: Path, *, most: int | None = MAX_PARAMETERS) -> Headers:
    """Every tensor of a model folder by its name, from the headers of its weight files, all shards of them; `most`
    parameters altogether.

    Raises:
        CheckpointError: no weights, a file that is missing or damaged, or more parameters than this program reads.
    """
    found = safetensors_headers(folder)
    if found is None and (folder / PICKLED).is_file():
        found = _pickled_headers(folder / PICKLED)
    elif found is None and (folder / f"{PICKLED}{INDEX}").is_file():
        found = read_shards(folder / f"{PICKLED}{INDEX}", _pickled_headers)
    elif found is None:
        raise CheckpointError(
            f"The folder {folder.name} has no weights. Expected {WEIGHTS} (or shards of it, with {WEIGHTS}{INDEX}) "
            f"or {PICKLED}. {ADVICE}"
        )
    if most is not None and (count := parameters(found)) > most:
        raise CheckpointError(
            f"The weights of {folder.name} have {count:,} parameters; this program reads up to "
            f"{most:,}. Choose a smaller model."
        )
    return found


def parameters(stored: Headers) -> int:
    """How many numbers tensors have in them."""
    return sum(math.prod(tensor.shape) for tensor in stored.values())


def require_memory(stored: Headers, name: str) -> None:
    """Refuse weights that do not fit into the memory that is free; `name` is that of their folder.

    Raises:
        UnsupportedModelError: says how much they need, and how much there is.
    """
    needed, free = BYTES_IN_MEMORY * parameters(stored), psutil.virtual_memory().available
    if needed > free:
        raise UnsupportedModelError(
            f"{name} has {parameters(stored):,} parameters, which take {file_size(needed)} in float32; "
            f"{file_size(free)} of memory are free. Choose a smaller model, or a machine with more memory."
        )


def read_tensors(chosen: Mapping[str, StoredTensor]) -> dict[str, Tensor]:
    """The tensors in float32, under the names that `chosen` gives them, in memory of their own: a file that is written
    to later changes no loaded model.

    Raises:
        CheckpointError: a damaged file, or a weight that is not a finite number.
    """
    by_file: dict[Path, list[str]] = defaultdict(list)
    for name, stored in chosen.items():
        by_file[stored.file].append(name)
    tensors = {}
    for file, names in by_file.items():
        try:
            if file.suffix == ".safetensors":
                with safe_open(file, framework="pt") as weights:
                    for name in names:
                        tensors[name] = weights.get_tensor(chosen[name].key).to(torch.float32, copy=True)
            else:
                pickled = _unpickled(file, device="cpu")
                for name in names:
                    tensors[name] = pickled[chosen[name].key].to(torch.float32, copy=True).contiguous()
        except (OSError, SafetensorError, KeyError) as error:
            raise damaged(file, error) from error
        for name in names:
            if not torch.isfinite(tensors[name]).all():
                raise CheckpointError(
                    f"{name} in {file.parent.name}/{file.name} has weights that are not finite numbers, so that "
                    "nothing that the model says would be one. Train it again, or copy the folder anew."
                )
    return tensors


def _pickled_headers(file: Path) -> Headers:
    return {
        key: StoredTensor(key, tuple(tensor.shape), _DTYPES.get(tensor.dtype, str(tensor.dtype)), file)
        for key, tensor in _unpickled(file, device="meta").items()
    }


def _unpickled(file: Path, *, device: str) -> dict[str, Tensor]:
    """The tensors of a file that `torch.save` wrote; nothing else that a pickle can do is done."""
    if file.suffix == ".safetensors":
        raise CheckpointError(f"{file.parent.name} mixes safetensors with other weight files. {ADVICE}")
    try:
        loaded = torch.load(file, map_location=device, weights_only=True)
    except Exception as error:  # a damaged pickle can fail in any way
        raise damaged(file, error) from error
    if not isinstance(loaded, dict) or not all(
        isinstance(key, str) and isinstance(tensor, Tensor) for key, tensor in loaded.items()
    ):
        raise CheckpointError(
            f"{file.parent.name}/{file.name} should hold tensors by name, as save_pretrained writes them. "
            "Save the model anew."
        )
    held = sum(tensor.numel() * tensor.element_size() for tensor in loaded.values())
    if held > 2 * file.stat().st_size:  # tensors may share memory (tied weights), but not stand for more than there is
        raise CheckpointError(
            f"{file.parent.name}/{file.name} has {file.stat().st_size:,} bytes, but its tensors ask for {held:,}. "
            "Save the model anew."
        )
    return loaded
