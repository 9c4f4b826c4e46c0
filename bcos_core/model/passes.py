"""How much goes through a model together, whoever asks: what is quickest, as far as the device's memory goes.

No result depends on it: texts of a pass do not see each other. Where memory ends all the same, half as much is tried
(`by_halves`), and that is said.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import psutil
import torch

from bcos_core.device import CUDA, is_deterministic
from bcos_core.errors import MemoryLackingError
from bcos_core.model.memory import ModelShapes

# A CPU is quickest with what its caches hold: on two cores 256 to 1,024 tokens take the same time each, 2,048 an eighth
# more, 24,000 more than twice as much. A GPU wants more, and has its own memory.
TOKENS = {"cpu": 1_024}
TOKENS_ELSEWHERE = 65_536
# Contributions keep every dynamic factor, about nine times what a forward pass needs: a quarter takes the same time.
KEPT = 4
SHARE = 0.5
"""Of the memory that is free: others compute beside this pass, and what is counted of it is an estimate."""

logger = logging.getLogger(__name__)
Row = TypeVar("Row")
Found = TypeVar("Found")


def tokens_per_pass(device: torch.device, *, keeps_factors: bool = False) -> int:
    """With which a pass on a device is quickest; `keeps_factors`: every dynamic factor is kept for a backward pass."""
    tokens = TOKENS.get(device.type, TOKENS_ELSEWHERE)
    return max(1, tokens // KEPT) if keeps_factors else tokens


def rows_per_pass(
    shapes: ModelShapes, columns: int, size: int, device: torch.device, *, keeps_factors: bool = False
) -> int:
    """How many texts of so many tokens go through together, at least one: as many as are quickest, and no more than
    have room with the graph of a backward pass, in numbers of `size` bytes."""
    most = max(1, tokens_per_pass(device, keeps_factors=keeps_factors) // columns)
    room = SHARE * free_bytes(device)
    fewest = 1
    while fewest < most:  # the largest number that fits, between them
        middle = (fewest + most + 1) // 2
        fits = shapes.explanation(middle * columns, size, texts=middle) - shapes.weights(size) <= room
        fewest, most = (middle, most) if fits else (fewest, middle - 1)
    return fewest


def free_bytes(device: torch.device) -> int:
    """Memory that is free on a device, what PyTorch holds ready counted in. Where twice the same is asked for
    (`bcos_core.device`): half of all that it has, whatever others do there."""
    if device.type == CUDA:
        free, whole = torch.cuda.mem_get_info(device)
        ready = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return whole // 2 if is_deterministic() else free + ready
    memory = psutil.virtual_memory()
    return int(memory.total // 2 if is_deterministic() else memory.available)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device, or the machine, had too little memory for what was asked."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)  # as PyTorch says of a CPU


def half_of(rows: int, device: torch.device) -> int:
    """What to try after `rows` had too little memory: half of them, said.

    Raises:
        MemoryLackingError: it was one.
    """
    if rows <= 1:
        raise MemoryLackingError(
            f"One text alone needs more memory than {device} has free. Explain a shorter text, choose a smaller model, "
            "or end what else computes there."
        )
    if device.type == CUDA:
        torch.cuda.empty_cache()
    half = rows // 2
    logger.warning("Out of memory on %s with %d texts at once: going on with %d.", device, rows, half)
    return half


def by_halves(
    rows: Sequence[Row], at_once: int, device: torch.device, work: Callable[[Sequence[Row]], Found]
) -> Iterator[Found]:
    """What `work` gives for some of the rows after another, `at_once` of them, or, where these have too little memory,
    half as many, from there on.

    Raises:
        MemoryLackingError: a row alone has too little.
    """
    while rows:
        part = rows[:at_once]
        found = _tried(work, part)
        if found is None:
            at_once = half_of(len(part), device)
            continue
        yield found[0]
        rows = rows[len(part) :]


def _tried(work: Callable[[Sequence[Row]], Found], part: Sequence[Row]) -> tuple[Found] | None:
    """What came out, None where memory ended. The error is gone by then, and with it all that its frames hold."""
    try:
        return (work(part),)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return None
