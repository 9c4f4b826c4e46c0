"""A stored evaluation is read whole, or refused in words."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bcos_core.errors import InputError
from bcos_core.evaluate.result import RESULT_FILE, load_evaluation

Damage = Callable[[dict[str, Any]], object]


def contender(method: str, value: float) -> dict[str, Any]:
    return {
        "checkpoint": "tiny",
        "path": "/models/tiny",
        "kind": "bcos",
        "method": method,
        "values": {"comprehensiveness": {"a": value, "b": value}},
        "protocols": {"comprehensiveness": {"summary": "How."}},
        "failed": 0,
        "forward_passes": 1,
        "backward_passes": 1,
        "seconds": 0.1,
        "curves": {},
    }


WHOLE: dict[str, Any] = {
    "name": "one",
    "task": "Short reviews",
    "contenders": [contender("bcos", 0.5), contender("random", 0.1)],
    "skipped": [{"score": "rationale_auprc", "reason": "No rationales."}],
    "spec": {"scores": ["comprehensiveness"], "probability": "softmax"},
    "seconds": 3.0,
}


def written(folder: Path, text: str) -> Path:
    (folder / RESULT_FILE).write_text(text, encoding="utf-8")
    return folder


def test_a_whole_one_is_read(tmp_path: Path) -> None:
    rows = load_evaluation(written(tmp_path, json.dumps(WHOLE))).rows()
    assert [(row["method"], row["mean"]) for row in rows] == [("bcos", 0.5), ("random", pytest.approx(0.1))]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("contenders"),
        lambda data: data.update(contenders={}),
        lambda data: data.update(skipped=[["a"]]),
        lambda data: data.update(skipped=[{"score": "a"}]),
        lambda data: data.update(skipped=[{"reason": "a"}]),
        lambda data: data.update(spec=[]),
        lambda data: data["spec"].pop("scores"),
        lambda data: data["spec"].update(scores=[]),
        lambda data: data["spec"].update(scores=["tea-leaves"]),
        lambda data: data["spec"].update(probability="<b>"),
        lambda data: data["contenders"].pop(),  # nothing to beat
        lambda data: data["contenders"][0].update(method="tea-leaves"),
        lambda data: data["contenders"][0].update(values={}),
        lambda data: data["contenders"][0].update(protocols={}),
        lambda data: data["contenders"][0]["values"]["comprehensiveness"].update(a=None),
        lambda data: data["contenders"][0]["values"]["comprehensiveness"].update(a="0.5"),
        lambda data: data["contenders"][0]["protocols"]["comprehensiveness"].update(summary=1),
        lambda data: data["contenders"][0].update(forward_passes="many"),
        lambda data: data["contenders"][0].update(curves={"deletion": 3}),
    ],
    ids=range(19),
)
def test_a_damaged_one_is_refused_in_words(damage: Damage, tmp_path: Path) -> None:
    data = copy.deepcopy(WHOLE)
    damage(data)
    with pytest.raises(InputError, match=r"\.$"):
        load_evaluation(written(tmp_path, json.dumps(data)))


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, '{"seconds": NaN}', '{"seconds": 1e999}'], ids=range(5))
def test_what_is_none_is_refused_in_words(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Run it again"):
        load_evaluation(written(tmp_path, text))
    with pytest.raises(InputError, match="There is no file"):
        load_evaluation(tmp_path / "nowhere")
