"""The places of a cluster where jobs begin: so many at once as a setting says."""

from __future__ import annotations

from typing import Protocol

from bcos_core.jobs.executors.executor import Occupied, Room
from bcos_core.jobs.lane import Lane
from bcos_core.numbers import count


class Cluster(Protocol):
    """What settings say of a cluster: how many jobs run there at once, and the GPUs of each."""

    @property
    def jobs(self) -> int: ...

    @property
    def gpus(self) -> int: ...


def cluster_room(name: str, cluster: Cluster, lane: Lane, occupied: Occupied, *, wanted: int) -> Room:
    """Of "ray:1" to "ray:JOBS" those that are free, the best first. One of several is kept for short jobs."""
    if 0 < cluster.gpus < wanted:
        has, setting = count(cluster.gpus, "GPU"), f"BCOS_{name.upper()}_GPUS"
        return Room((), f"Waits for {wanted} GPUs: a job has {has} on this cluster, which {setting} says.")
    taken = {place for place, _ in occupied}
    places = [f"{name}:{number}" for number in range(1, cluster.jobs + 1)]
    usable = places[: max(1, cluster.jobs - 1)] if lane == Lane.LONG else places[::-1]
    return Room([place for place in usable if place not in taken])
