"""Two lanes: a job that is short never waits for one that is long."""

from __future__ import annotations

from enum import StrEnum


class Lane(StrEnum):
    """Of the jobs in one lane a device runs one at a time, and the one that has waited longest is next."""

    LONG = "long"
    SHORT = "short"
