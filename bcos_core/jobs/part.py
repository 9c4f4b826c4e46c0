"""The parts of a job's work, and what each costs before any was seen."""

from __future__ import annotations

from dataclasses import dataclass

OPERATIONS_PER_SECOND = 1.5e11
"""Floating-point operations that the reference machine does in a second of real work: two cores of a common server."""
START_SECONDS = 4.0
"""Of a job's process there, before its work begins: mostly the import of PyTorch and transformers."""


@dataclass(frozen=True)
class Part:
    """What takes its time at one rate.

    It belongs to the stage of that number; `name` is what the work calls it there, "" for a stage that is one part.
    Parts of one `pace` take time alike, whatever job they are of: what one took tells of the next. `seconds` is what
    this one takes on the reference machine, as it is declared: in proportion to its amount of work.
    """

    stage: int
    name: str
    pace: str
    seconds: float


def seconds_of(operations: float) -> float:
    """On the reference machine."""
    return operations / OPERATIONS_PER_SECOND
