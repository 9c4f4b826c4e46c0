"""Which device computes, in which numbers, and whether twice the same: decided here, for everyone.

Four settings of the environment, each checked in words; `python -m bcos_core COMMAND --device …` sets the first:

    BCOS_DEVICE         auto (the first CUDA GPU, else the CPU), cpu, cuda, cuda:1, mps
    BCOS_PRECISION      fp32 or bf16: of the weights of what is loaded to be explained, however they are stored
    BCOS_DETERMINISTIC  1: the same numbers from the same work, twice; what cannot promise that fails
    BCOS_MODEL_MEMORY   4 GB, or 30%: what loaded models may keep of the device's memory (`model/loaded_models.py`)

Apple's GPUs (mps) are used where they are asked for by name alone: they have no float64, in which sums are made.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from bcos_core.errors import InputError

if TYPE_CHECKING:
    import torch
    from torch import nn

AUTO, CPU, CUDA, MPS = "auto", "cpu", "cuda", "mps"
DEVICE, PRECISION, DETERMINISTIC = "BCOS_DEVICE", "BCOS_PRECISION", "BCOS_DETERMINISTIC"
MODEL_MEMORY = "BCOS_MODEL_MEMORY"
PRECISIONS = ("fp32", "bf16")
_ONE_GPU = re.compile(r"cuda:(\d{1,3})")
_AMOUNT = re.compile(r"(\d{1,9}(?:\.\d+)?)\s*(%|[KMGT]?B)", re.IGNORECASE)
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_ON, _OFF = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
_WORKSPACE = ("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def asked_device() -> str:
    """What `BCOS_DEVICE` says: "auto", "cpu", "cuda", "cuda:N" or "mps". PyTorch is not asked whether it is there.

    Raises:
        InputError: anything else.
    """
    said = os.environ.get(DEVICE, "").strip().lower() or AUTO
    if said not in (AUTO, CPU, CUDA, MPS) and not _ONE_GPU.fullmatch(said):
        raise InputError(f"{DEVICE} is {said[:60]!r}; expected auto, cpu, cuda, cuda:0 (or another number), or mps.")
    return said


def gpu_number(asked: str) -> int | None:
    """Which of the GPUs that are visible "cuda:N" names; None of anything else."""
    found = _ONE_GPU.fullmatch(asked)
    return None if found is None else int(found[1])


def asked_precision() -> str:
    """What `BCOS_PRECISION` says: "fp32", which it is without a word, or "bf16".

    Raises:
        InputError: anything else.
    """
    said = os.environ.get(PRECISION, "").strip().lower() or PRECISIONS[0]
    if said not in PRECISIONS:
        raise InputError(f"{PRECISION} is {said[:60]!r}; expected {' or '.join(PRECISIONS)}.")
    return said


def is_deterministic() -> bool:
    """Whether `BCOS_DETERMINISTIC` asks for the same numbers from the same work, twice.

    Raises:
        InputError: neither 1 nor 0, nor a word for them.
    """
    said = os.environ.get(DETERMINISTIC, "").strip().lower()
    if said not in (*_ON, *_OFF):
        raise InputError(f"{DETERMINISTIC} is {said[:60]!r}; expected 1 or 0.")
    return said in _ON


def asked_model_memory() -> tuple[int | None, float | None]:
    """What `BCOS_MODEL_MEMORY` says: bytes, or a share from 0 to 1; neither without a word.

    Raises:
        InputError: anything else.
    """
    said = os.environ.get(MODEL_MEMORY, "").strip()
    if not said:
        return None, None
    found = _AMOUNT.fullmatch(said)
    if found is None or (found[2] == "%" and float(found[1]) > 100):
        raise InputError(f"{MODEL_MEMORY} is {said[:60]!r}; expected an amount such as 4 GB, or a share such as 30%.")
    if found[2] == "%":
        return None, float(found[1]) / 100
    return int(float(found[1]) * _UNITS[found[2].upper()]), None


def check_settings() -> None:
    """Before anything is loaded: refuse settings that say nothing.

    Raises:
        InputError: one of the four.
    """
    asked_device(), asked_precision(), is_deterministic(), asked_model_memory()


def chosen_device() -> torch.device:
    """Where this process computes: what `BCOS_DEVICE` asks for. Determinism is switched on with it, where asked for.

    Raises:
        InputError: no such device, or one that is not there.
    """
    import torch

    asked = asked_device()
    if is_deterministic():
        _make_deterministic()
    if asked == AUTO:
        return torch.device(CUDA if torch.cuda.is_available() else CPU)
    if asked == MPS and not torch.backends.mps.is_available():
        raise InputError(f"{DEVICE} is {asked}, but PyTorch sees no GPU of Apple's here. Set it to cpu or auto.")
    if asked.startswith(CUDA):
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        require_gpu(asked, count)
    return torch.device(asked)


def require_gpu(asked: str, count: int) -> None:
    """Refuse "cuda" and "cuda:N" on a machine with `count` GPUs that PyTorch can use.

    Raises:
        InputError: there is none, or none of that number.
    """
    if count == 0:
        raise InputError(f"{DEVICE} is {asked}, but PyTorch sees no CUDA GPU here. Set it to cpu or auto.")
    if (gpu_number(asked) or 0) >= count:
        there = "cuda:0" if count == 1 else f"cuda:0 to cuda:{count - 1}"
        raise InputError(f"{DEVICE} is {asked}, but there is {there} alone. Set it to one of these, or to auto.")


def place(model: nn.Module, device: str | torch.device | None = None, precision: str | None = None) -> str:
    """Put a model where it computes, its weights in numbers of a precision, which is given back; None for what the
    settings say. Buffers keep their numbers: the frequencies of rotary positions are no weights, and would be others.

    Raises:
        InputError: no such device or precision, or one that is not there.
    """
    import torch

    usual = asked_precision()
    precision = usual if precision is None else precision
    if precision not in PRECISIONS:
        raise InputError(f"precision is {str(precision)[:60]!r}; expected {' or '.join(PRECISIONS)}.")
    model.to(chosen_device() if device is None else torch.device(device))
    if precision == "bf16":
        for parameter in model.parameters():
            parameter.data = parameter.data.to(torch.bfloat16)
    return precision


def precision_of(model: nn.Module) -> str:
    """In which numbers a model's weights are."""
    dtype = str(next(model.parameters()).dtype).removeprefix("torch.")
    return {"float32": "fp32", "bfloat16": "bf16"}.get(dtype, dtype)


def circumstances(model: nn.Module) -> dict[str, str]:
    """Under what a model answers, beside the versions of libraries: the device, the precision, and whether twice the
    same was asked for."""
    import torch

    device = next(model.parameters()).device
    name = torch.cuda.get_device_name(device) if device.type == CUDA else device.type
    found = {"device": name, "precision": precision_of(model)}
    return {**found, "deterministic": "yes"} if torch.are_deterministic_algorithms_enabled() else found


def settings_in_words() -> str:
    """Which numbers, and whether twice the same, where that is not what is usual, in a sentence; "" where it is.

    Raises:
        InputError: a setting that says nothing.
    """
    said = [f"{PRECISION}={numbers}"] if (numbers := asked_precision()) != PRECISIONS[0] else []
    said += [f"{DETERMINISTIC}=1"] if is_deterministic() else []
    return f"Computing under {', '.join(said)}." if said else ""


def _make_deterministic() -> None:
    """For the whole process. cuBLAS reads its setting when it is used first, so that it is said before."""
    import torch

    os.environ.setdefault(*_WORKSPACE)
    torch.use_deterministic_algorithms(True)
