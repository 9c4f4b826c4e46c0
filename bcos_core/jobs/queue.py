"""Where a waiting job stands in its lane, after which one, and about how long until its turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bcos_core.jobs.claims import active_jobs
from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.outlook import about
from bcos_core.jobs.store import JobStore
from bcos_core.storage.listing import Listing
from bcos_core.storage.types import utc_now


@dataclass(frozen=True)
class Place:
    """`position` is 1 for the next one; `after` is the title of the job before it, "" if there is none; `seconds` until
    its turn, None where nobody knows."""

    position: int
    after: str
    seconds: float | None

    def words(self, emphasis: Callable[[str], str] = "“{}”".format) -> str:
        """ "2nd in line, after “Planted truth”, about 6 min". `emphasis` sets off a title."""
        line = "Next in line" if self.position == 1 else f"{_ordinal(self.position)} in line"
        if not self.after:
            return line
        wait = "" if self.seconds is None else f", about {about(self.seconds)}"
        return f"{line}, after {emphasis(self.after)}{wait}"


def in_order(store: JobStore, limit: int) -> Listing[Job]:
    """`limit` jobs: those that run, those that wait in the order in which they begin, those that ended last."""
    active = active_jobs(store)
    ended = store.list(active=False, limit=max(0, limit - len(active)))

    def turn(job: Job) -> int:
        place = place_among(job, active.found)
        return 0 if place is None else place.position

    found = (*sorted(active, key=turn), *ended)  # of one turn in two lanes: who has waited longer
    return Listing(found[:limit], (*active.left_out, *ended.left_out))


def place_in_line(store: JobStore, job: Job) -> Place | None:
    """None for a job that does not wait."""
    return place_among(job, active_jobs(store).found)


def place_among(job: Job, active: Sequence[Job]) -> Place | None:
    """The same, where the jobs that wait or run are known, oldest first."""
    lane = [one for one in active if one.lane == job.lane and not one.foreground]
    waiting = [one for one in lane if one.state == JobState.QUEUED]
    if job.id not in (one.id for one in waiting):
        return None
    running = [one for one in lane if one.state == JobState.RUNNING]
    ahead = waiting[: [one.id for one in waiting].index(job.id)]
    before = ahead[-1:] or sorted(running, key=lambda one: _left(one) or 0.0)[:1]
    return Place(len(ahead) + 1, before[0].title if before else "", _until_free(running, ahead))


def _until_free(running: Sequence[Job], ahead: Sequence[Job]) -> float | None:
    """Each waiting job takes the device that is free first, and as many run at once as do now."""
    free = [_left(job) for job in running] or [0.0]
    for expected in (job.expected_seconds for job in ahead):
        if expected is None or None in free:
            return None
        first = min(range(len(free)), key=lambda place: free[place] or 0.0)
        free[first] = (free[first] or 0.0) + expected
    return None if None in free else min(one for one in free if one is not None)


def _left(job: Job) -> float | None:
    """Of a running job: what it says, or, before it has said anything, what is left of what was expected."""
    if job.eta_seconds is not None:
        return job.eta_seconds
    if job.expected_seconds is None or job.started_at is None:
        return None
    return max(0.0, job.expected_seconds - (utc_now() - job.started_at).total_seconds())


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
