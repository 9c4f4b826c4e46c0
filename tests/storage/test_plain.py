"""What becomes of values on their way to JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import numpy as np
import pytest

from bcos_core.storage.plain import to_plain


class Fruit(StrEnum):
    APPLE = "apple"


def test_values_become_what_json_can_hold() -> None:
    value = {
        "path": Path("/a/b"),
        "time": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "pair": (1, True),
        "score": np.float32(0.5),
        "fruit": Fruit.APPLE,
        3: None,
    }
    assert json.loads(json.dumps(to_plain(value))) == {
        "path": "/a/b",
        "time": "2026-01-02T03:04:05+00:00",
        "pair": [1, True],
        "score": 0.5,
        "fruit": "apple",
        "3": None,
    }


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), np.float64("nan")])
def test_numbers_that_are_not_finite_become_none(number: float) -> None:
    assert to_plain([number]) == [None]


def test_other_values_are_refused() -> None:
    with pytest.raises(TypeError, match="A generator cannot be written as JSON"):
        to_plain(x for x in ())
