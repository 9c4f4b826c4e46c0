"""What parts took, and what is expected of the next ones, by hand."""

from __future__ import annotations

import math
import platform

import pytest
from sqlalchemy import insert

from bcos_core.jobs.outlook import Forecast
from bcos_core.jobs.paces import KEPT, Paces, Taken, device_kind, keep_paces, read_paces
from bcos_core.jobs.part import Part
from bcos_core.jobs.schema import JOB_PACES
from bcos_core.jobs.store import JobStore
from bcos_core.storage.types import utc_now

PART = Part(0, "", "explain", 10.0)


def keep(store: JobStore, *taken: Taken, device: str = "cpu") -> None:
    with store.database.write() as connection:
        keep_paces(connection, taken, device)


def test_before_anything_was_done_the_declared_seconds_hold_for_the_reference_machine() -> None:
    assert Paces().seconds(PART) == pytest.approx(10.0)
    assert Paces(unseen=0.5).seconds(PART) == pytest.approx(5.0)


def test_one_like_it_says_how_long_it_takes() -> None:
    assert Paces({"explain": [Taken("explain", 10.0, 30.0)]}).seconds(PART) == pytest.approx(30.0)


def test_of_what_was_never_done_the_machines_factor_is_expected() -> None:
    known = {"read": [Taken("read", 5.0, 5.0)], "train": [Taken("train", 95.0, 295.0)]}
    # Factors 1 and 295 / 95, weighed by 5 and 95 declared seconds.
    assert Paces(known).seconds(PART) == pytest.approx(10.0 * (295 / 95) ** 0.95)


def test_the_newest_counts_most_and_one_of_another_size_less() -> None:
    newest, older = Taken("explain", 10.0, 20.0), Taken("explain", 10.0, 80.0)
    # Factors 2 and 8, weights 1 and 0.7, and the machine's factor (that of the newest: 2) at 0.1.
    expected = 10.0 * math.exp((1.1 * math.log(2) + 0.7 * math.log(8)) / 1.8)
    assert Paces({"explain": [newest, older]}).seconds(PART) == pytest.approx(expected)
    # A job of a sixteenth: its weight is e⁻².
    small = Taken("explain", 0.625, 6.25)
    expected = 10.0 * math.exp((1.1 * math.log(2) + 0.7 * math.exp(-2) * math.log(10)) / (1.1 + 0.7 * math.exp(-2)))
    assert Paces({"explain": [newest, small]}).seconds(PART) == pytest.approx(expected)


def test_what_was_kept_is_read_newest_first_and_old_ones_are_forgotten(store: JobStore) -> None:
    for seconds in range(1, KEPT + 4):
        keep(store, Taken("explain", 10.0, float(seconds)))
    found = read_paces(store.database, "cpu").taken["explain"]
    assert [one.seconds for one in found] == [float(seconds) for seconds in range(KEPT + 3, 3, -1)]


def test_devices_and_machines_have_paces_of_their_own(store: JobStore) -> None:
    keep(store, Taken("explain", 10.0, 40.0), device="cpu")
    keep(store, Taken("explain", 10.0, 0.5), device="cuda:3")
    row = {"pace": "explain", "device": "cpu", "declared": 10.0, "seconds": 7.0, "ended_at": utc_now()}
    with store.database.write() as connection:
        connection.execute(insert(JOB_PACES).values(machine=f"not {platform.node()}", **row))
    assert read_paces(store.database, "cpu").seconds(PART) == pytest.approx(40.0)
    assert read_paces(store.database, "cuda:0").seconds(PART) == pytest.approx(0.5)


def test_kinds_of_devices() -> None:
    assert [device_kind(name) for name in ("cpu", "cuda:0", "cuda:GPU-7", "")] == ["cpu", "cuda", "cuda", "cpu"]


def test_a_second_job_is_forecast_as_the_first_one_went(store: JobStore) -> None:
    now = 0.0
    plan = (Part(0, "", "read", 5.0), Part(1, "", "train", 50.0))

    def begun() -> Forecast:
        forecast = Forecast(plan, read_paces(store.database, "cpu"), kind="train", clock=lambda: now)
        forecast.begin(0, 2)
        return forecast

    first = begun()
    now = 5.0
    first.begin(1, 2)
    now = 205.0
    first.finish()
    keep(store, *first.taken())
    assert begun().outlook().eta_seconds == pytest.approx(5.0 + 200.0, rel=0.1)
