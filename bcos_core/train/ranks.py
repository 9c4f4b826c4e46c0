"""The processes of one distributed run (`accelerate launch`): where each computes, and what the first does alone."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from accelerate import PartialState
from torch import distributed

from bcos_core.device import chosen_device
from bcos_core.errors import JobError

Result = TypeVar("Result")

# Longer than what the first process does alone: calibration, scoring. One that dies is noticed at once.
LONGEST_WAIT = timedelta(days=1)


class Ranks:
    """This process among those of its run, which meet when this is made.

    `is_first` is true in the one that tells, calibrates, scores and writes; `device` is where this one computes: on
    GPUs each has its own.
    """

    def __init__(self) -> None:
        chosen = chosen_device()
        on_cpu = chosen.type == "cpu"
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            state = PartialState(cpu=on_cpu, timeout=LONGEST_WAIT)
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


def _leave() -> None:
    """Part from the other processes before this one ends: threads that still listen to them would abort it, after all
    that it had to do was done."""
    if distributed.is_initialized():
        distributed.destroy_process_group()
