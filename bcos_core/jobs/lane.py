"""Two lanes: a job that is short never waits for one that is long."""

from __future__ import annotations

from enum import StrEnum


class Lane(StrEnum):
    """Of the jobs in one lane a device runs one at a time, and the one that has waited longest is next."""

    LONG = "long"
    SHORT = "short"


SHORT_SECONDS = 120.0
"""What is expected to take less is short, whatever kind of job it is."""


def lane_of(usual: Lane, expected_seconds: float | None) -> Lane:
    """The lane of a job whose kind has the `usual` one: that, unless the job itself is known to be short."""
    return Lane.SHORT if expected_seconds is not None and expected_seconds < SHORT_SECONDS else usual
