"""How long parts of jobs take on this machine, learned from those that have been done here."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select

from bcos_core.errors import StorageError
from bcos_core.jobs.part import Part
from bcos_core.jobs.schema import JOB_PACES
from bcos_core.storage.database import Database
from bcos_core.storage.types import utc_now

KEPT = 12
"""Of one pace on one device of one machine, the newest so many are kept."""
FADING = 0.7
"""What the one before counts, relative to each."""
DECLARED_COUNTS = 0.1
"""What the whole machine's factor counts, relative to the newest of a pace."""
REFERENCE_CORES = 2
CUDA_FACTOR = 0.05
"""A GPU before anything was done on it: so much of the reference machine's time."""


@dataclass(frozen=True)
class Taken:
    """What a part took, or as much of it as was done now, of `declared` seconds."""

    pace: str
    declared: float
    seconds: float


@dataclass(frozen=True)
class Paces:
    """`taken` by pace, the newest first, on one device of this machine."""

    taken: Mapping[str, Sequence[Taken]] = field(default_factory=dict)
    unseen: float = 1.0
    """The factor of a machine that has done nothing yet."""

    def knows(self, part: Part) -> bool:
        return part.pace in self.taken

    def seconds(self, part: Part) -> float:
        """What a part will take: what is declared, times what such parts took of it.

        Of several the newest counts most, and one of the same size more than a larger or smaller one: what comes once
        (loading, compiling) is a larger share of little work.
        """
        general = math.log(self._general)
        total, weights = DECLARED_COUNTS * general, DECLARED_COUNTS
        for place, one in enumerate(self.taken.get(part.pace, ())):
            apart = abs(math.log(part.seconds / one.declared)) / math.log(4.0)
            weight = FADING**place * max(0.05, math.exp(-apart))
            total += weight * math.log(one.seconds / one.declared)
            weights += weight
        return part.seconds * math.exp(total / weights)

    @property
    def _general(self) -> float:
        """How fast the machine is: what the newest of every pace took of what was declared, on a log scale, so that one
        that was far off does not count for all, and each by what was declared of it."""
        newest = [found[0] for found in self.taken.values() if found]
        declared = sum(one.declared for one in newest)
        if not declared:
            return self.unseen
        return math.exp(sum(one.declared * math.log(one.seconds / one.declared) for one in newest) / declared)


def device_kind(device: str) -> str:
    """ "cuda" for "cuda:1": one GPU of a machine is taken to be as fast as the next."""
    return device.partition(":")[0] or "cpu"


def read_paces(database: Database, device: str) -> Paces:
    """What is known of a device of this machine; nothing where the database cannot be read: an estimate is not worth
    ending the work for."""
    kind = device_kind(device)
    unseen = CUDA_FACTOR if kind == "cuda" else REFERENCE_CORES / (os.cpu_count() or REFERENCE_CORES)
    columns = JOB_PACES.c
    query = select(columns.pace, columns.declared, columns.seconds)
    query = query.where(columns.machine == platform.node(), columns.device == kind).order_by(columns.id.desc())
    try:
        with database.read() as connection:
            rows = connection.execute(query).all()
    except StorageError:
        return Paces(unseen=unseen)
    taken: dict[str, list[Taken]] = {}
    for pace, declared, seconds in rows:
        if declared > 0 and seconds > 0:
            taken.setdefault(pace, []).append(Taken(pace, declared, seconds))
    return Paces(taken, unseen)


def keep_paces(connection: Connection, taken: Iterable[Taken], device: str) -> None:
    """Remember what parts of a job took."""
    columns, machine, kind = JOB_PACES.c, platform.node(), device_kind(device)
    for one in taken:
        row = {"pace": one.pace, "declared": one.declared, "seconds": one.seconds, "ended_at": utc_now()}
        connection.execute(insert(JOB_PACES).values(machine=machine, device=kind, **row))
        same = (columns.pace == one.pace, columns.machine == machine, columns.device == kind)
        newest = select(columns.id).where(*same).order_by(columns.id.desc()).limit(KEPT)
        connection.execute(delete(JOB_PACES).where(*same, columns.id.not_in(newest)))
