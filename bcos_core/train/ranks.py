"""The processes of one distributed run: where each computes, what the first does alone, what all add up."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import torch
from accelerate import PartialState
from torch import Tensor, distributed, nn

from bcos_core.device import chosen_device
from bcos_core.errors import JobError
from bcos_core.jobs.together import MEETING

Result = TypeVar("Result")

# Longer than what the first process does alone: calibration, scoring. One that dies is noticed at once.
LONGEST_WAIT = timedelta(days=1)
BUCKET = 2**23
"""Numbers that are sent at once, at most, where one tensor has no more."""


class Ranks:
    """This process among those of its run, which meet when this is made.

    `is_first` is true in the one that tells, calibrates, scores and writes; `device` is where this one computes: on
    GPUs each has its own.
    """

    def __init__(self) -> None:
        chosen = chosen_device()
        on_cpu = chosen.type == "cpu"
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            state = PartialState(cpu=on_cpu, timeout=LONGEST_WAIT, **_meeting())
            # Copied: `Trainer` makes that state anew.
            self.index, self.count, self.device = state.process_index, state.num_processes, state.device
            atexit.unregister(_leave)  # one of several in this process is enough
            atexit.register(_leave)
        else:
            self.index, self.count, self.device = 0, 1, chosen

    @property
    def is_first(self) -> bool:
        return self.index == 0

    def wait(self) -> None:
        """Go on when every process has come here."""
        if self.count > 1:
            distributed.barrier()

    def first(self, work: Callable[[], Result]) -> Result:
        """What `work()` gives in the first process, in every process: the others wait for it, and do nothing.

        Raises:
            JobError: in the others, when `work` has raised in the first.
        """
        if self.count == 1:
            return work()
        outcome: list[Any] = [None, None]  # what went wrong, what came out
        if self.is_first:
            try:
                outcome[1] = work()
            except BaseException as error:
                distributed.broadcast_object_list([str(error) or type(error).__name__, None], src=0)
                raise
        distributed.broadcast_object_list(outcome, src=0)
        problem, result = outcome
        if problem is not None:
            raise JobError(f"The first process of this distributed run has ended. {problem}")
        return result

    def share(self, rows: int) -> Tensor:
        """The places, of so many rows of a batch, that are this process's. Batches are ordered by length: taken in
        turn, those of all processes are as long."""
        return torch.arange(rows)[self.index :: self.count]

    def added(self, numbers: Tensor) -> Tensor:
        """The sum of all processes' numbers, in every process; in place."""
        if self.count > 1:
            distributed.all_reduce(numbers)
        return numbers

    def same_weights(self, model: nn.Module) -> None:
        """Give every process the first one's parameters and buffers."""
        if self.count > 1:
            for tensor in [*model.parameters(), *model.buffers()]:
                distributed.broadcast(tensor.data, src=0)

    def add_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Give every process the sum of all processes' gradients. A parameter that has none in any keeps none: an
        optimiser leaves it alone, and does not if its gradient is zero."""
        if self.count == 1:
            return
        device = self.device
        used = self.added(torch.tensor([one.grad is not None for one in parameters], dtype=torch.int32, device=device))
        given: list[Tensor] = []
        for parameter, known in zip(parameters, used.tolist(), strict=True):
            if known:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                given.append(parameter.grad)
        for bucket in _buckets(given):
            together = self.added(torch.cat([gradient.flatten() for gradient in bucket]))
            for gradient, part in zip(bucket, together.split([one.numel() for one in bucket]), strict=True):
                gradient.copy_(part.view_as(gradient))


def _buckets(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Tensors of one type one after the other, up to `BUCKET` numbers at once."""
    bucket: list[Tensor] = []
    for tensor in tensors:
        full = bucket and sum(one.numel() for one in bucket) + tensor.numel() > BUCKET
        if bucket and (full or tensor.dtype != bucket[0].dtype):
            yield bucket
            bucket = []
        bucket.append(tensor)
    if bucket:
        yield bucket


def _meeting() -> dict[str, Any]:
    """How processes that a job has started find each other: by a file, so that no port is open to anybody."""
    if MEETING not in os.environ:
        return {}
    where = {"rank": int(os.environ["RANK"]), "world_size": int(os.environ["WORLD_SIZE"])}
    return {"init_method": f"file://{os.environ[MEETING]}", **where}


def _leave() -> None:
    """Part from the other processes before this one ends: threads that still listen to them would abort it, after all
    that it had to do was done."""
    if distributed.is_initialized():
        distributed.destroy_process_group()
