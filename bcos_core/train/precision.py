"""Which number format trains faster here: measured, since bf16 helps on some CPUs and is far slower on others."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from bcos_core.model.anatomy import device_of
from bcos_core.train.work import WorkFolder

ROWS = 256
REPEATS = 3


@dataclass(frozen=True)
class Precision:
    """Whether to train in bf16 autocast, and why, in a sentence."""

    bf16: bool
    reason: str


def precision_of_job(work: WorkFolder, model: PreTrainedModel, asked: str) -> Precision:
    """Chosen once for a job: one that goes on after it was stopped stays in the precision that it began in, whatever
    the machine does meanwhile, and a twin is trained in that of its model."""
    known = work.known("precision", Precision)
    if known is None:
        known = Precision(*choose_bf16(model, asked))
        work.keep("precision", known)
    return known


def choose_bf16(model: PreTrainedModel, precision: str) -> tuple[bool, str]:
    """Whether to train in bf16 autocast, and why, in a sentence.

    "auto" takes bf16 on a GPU that has it; on a CPU it times a feed-forward layer of the model, forward and
    backward, in both formats and takes the faster.
    """
    if precision != "auto":
        return precision == "bf16", f"Training in {precision}, as asked."
    device = device_of(model)
    if device.type == "cuda":
        supported = torch.cuda.is_bf16_supported()
        return (
            supported,
            f"Training in {'bf16' if supported else 'fp32'}: the GPU {'has' if supported else 'lacks'} bf16.",
        )
    fp32 = _seconds(model.config.hidden_size, torch.float32, limit=float("inf"))
    bf16 = _seconds(model.config.hidden_size, torch.bfloat16, limit=fp32)
    faster = bf16 < fp32
    ratio = max(fp32, bf16) / min(fp32, bf16)
    chosen, other = ("bf16", "fp32") if faster else ("fp32", "bf16")
    return faster, f"Training in {chosen}: measured {ratio:.1f} × as fast as {other} on this CPU."


def _seconds(hidden: int, dtype: torch.dtype, *, limit: float) -> float:
    """Median time of one forward and backward of a hidden → 4 hidden layer; one run if that is over 2 × `limit`."""
    x = torch.randn(ROWS, hidden, dtype=dtype, requires_grad=True)
    weight = torch.randn(4 * hidden, hidden, dtype=dtype, requires_grad=True)
    times: list[float] = []
    for _ in range(REPEATS + 1):
        started = time.perf_counter()
        torch.autograd.grad((x @ weight.t()).sum(), (x, weight))
        times.append(time.perf_counter() - started)
        if times[0] > 10 * limit:
            return times[0]
    return statistics.median(times[1:])
