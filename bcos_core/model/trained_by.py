"""On what a model was trained, and how: what changes nothing that it learned, but for rounding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from bcos_core.numbers import count

Number = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Step = Annotated[int, Meta(ge=0, le=1_000_000_000)]


@dataclass(frozen=True)
class TrainedBy:
    """`processes` are the numbers of processes that trained together, each with the step that it began after; `at_once`
    the texts that went through a process at once, likewise, the first as it was asked, and each later one half of the
    one before for want of memory."""

    processes: tuple[tuple[Step, Number], ...] = ()
    at_once: tuple[tuple[Step, Number], ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Sentences for a person; none of one process with enough memory."""
        said = []
        if any(number > 1 for _, number in self.processes):
            parts = [count(number, "process", "processes") + _since(step) for step, number in self.processes]
            said.append(f"Trained by {', '.join(parts)}.")
        if len(self.at_once) > 1:
            _, asked = self.at_once[0]
            parts = [count(number, "text") + _since(step) for step, number in self.at_once[1:]]
            said.append(
                f"There was not enough memory for {count(asked, 'text')} at once: {', then '.join(parts)}, with the "
                "gradients of each step added up."
            )
        return tuple(said)

    def begun(self, step: int, processes: int, at_once: int) -> TrainedBy:
        """With another start, after so many steps. It goes on with what the memory was found to hold, by an earlier
        start's later steps too, whose end was lost."""
        before = tuple(one for one in self.processes if one[0] < step)
        if not before or before[-1][1] != processes:
            before = (*before, (step, processes))
        held = tuple((min(since, step), n) for since, n in self.at_once)
        return TrainedBy(before, held if len(held) > 1 else ((0, at_once),))

    def halved(self, step: int, at_once: int) -> TrainedBy:
        """With fewer texts at once since then."""
        return TrainedBy(self.processes, (*self.at_once, (step, at_once)))


def _since(step: int) -> str:
    return f" after step {step:,}" if step else ""
