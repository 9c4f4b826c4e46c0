"""A job that is known to be short does not wait for long ones, whatever its kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tiny_pair import save_pair

from bcos_core.batch.job import BATCH
from bcos_core.batch.spec import BatchSpec
from bcos_core.jobs.lane import Lane, lane_of
from bcos_core.jobs.part import Part
from bcos_core.jobs.store import JobStore
from bcos_core.text.row_source import RowSource


@pytest.mark.parametrize(
    ("usual", "expected", "lane"),
    [
        (Lane.LONG, 119.0, Lane.SHORT),
        (Lane.LONG, 120.0, Lane.LONG),
        (Lane.LONG, None, Lane.LONG),
        (Lane.SHORT, 600.0, Lane.SHORT),
        (Lane.SHORT, None, Lane.SHORT),
    ],
)
def test_known_to_be_short_or_as_its_kind(usual: Lane, expected: float | None, lane: Lane) -> None:
    assert lane_of(usual, expected) == lane


def test_a_batch_of_few_texts_is_short(store: JobStore, tmp_path: Path) -> None:
    folder, _ = save_pair(store.home)
    (tmp_path / "few.csv").write_text("text\n" + "a good film\n" * 20)
    spec = BatchSpec(str(folder), ("bcos",), RowSource("file", str(tmp_path / "few.csv")), "text")
    few, _ = BATCH.submit(store, spec)
    assert BATCH.lane == Lane.LONG and few.lane == Lane.SHORT
    slow = replace(BATCH, plan=lambda spec: [Part(0, "", "slow", 3_600.0)])
    store.cancel(few.id)
    assert slow.submit(store, spec)[0].lane == Lane.LONG
