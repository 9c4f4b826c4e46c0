"""Several processes train one model: what the first does alone, and what all of them see."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from bcos_core.home import CHECKOUT
from bcos_core.model.checkpoint import state_hash
from bcos_core.model.classifier import load
from bcos_core.storage.plain import to_plain
from bcos_core.train import ranks
from bcos_core.train.encoded import EpochOrder
from bcos_core.train.language.spec import LanguageSpec
from bcos_core.train.ranks import Ranks
from bcos_core.train.spec import TrainSpec
from tests.ports import free_port
from tests.train.small_task import spec_of, write_inputs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


def run_two(spec: TrainSpec | LanguageSpec, root: Path) -> list[subprocess.CompletedProcess[str]]:
    """Both ranks, on one machine, over gloo."""
    port = free_port()
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.train.rank", json.dumps(to_plain(spec)), str(root)]
    started = [
        subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env={**os.environ, **shared, "RANK": rank, "LOCAL_RANK": rank, "CUDA_VISIBLE_DEVICES": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in ("0", "1")
    ]
    ended = []
    try:
        for process in started:
            out, err = process.communicate(timeout=240)
            ended.append(subprocess.CompletedProcess(command, process.returncode, out, err))
    finally:
        for process in started:
            process.kill()
    return ended


def said(process: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert process.returncode == 0, process.stderr[-2000:]
    line = next(line for line in process.stdout.splitlines() if line.startswith("RESULT "))
    return dict(json.loads(line.removeprefix("RESULT ")))


def test_only_the_first_calibrates_scores_and_writes(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    spec = spec_of(inputs, consistency=1.0)
    first, second = (said(one) for one in run_two(spec, tmp_path))
    assert Counter(first["calls"]) == {"calibrate": 1, "score_on_test": 2, "save_checkpoint": 2}
    assert second["calls"] == []
    # Both trained from the same start to the same end, and it is what was saved.
    assert first["trained"] == second["trained"] and first["result"]["bcos"] == second["result"]["bcos"]
    saved = [state_hash(load(first["result"][kind]["checkpoint"]).model) for kind in ("bcos", "conventional")]
    assert saved == first["trained"]
    # Two epochs: every example twice, each time in one of the two.
    examples = first["result"]["bcos"]["train_size"]
    for ours, theirs in zip(first["seen"], second["seen"], strict=True):
        times = Counter(tuple(id for id in text if id) for text in (*ours, *theirs))
        assert len(times) == examples and set(times.values()) == {2}
    names = sorted(path.name for path in (tmp_path / "models").iterdir())
    assert names == sorted(Path(first["result"][kind]["checkpoint"]).name for kind in ("bcos", "conventional"))


def test_what_ends_the_first_ends_the_others(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "calibrated").mkdir()  # of nobody knows what
    for process in run_two(spec_of(inputs), tmp_path):
        assert process.returncode == 1 and "does not say what it was made of" in process.stderr


def test_each_process_computes_on_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    class State:
        process_index, num_processes, device = 1, 2, "cuda:1"

        def __init__(self, *, cpu: bool, timeout: object) -> None:
            assert not cpu

    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(ranks, "PartialState", State)
    monkeypatch.setattr(ranks, "chosen_device", lambda: torch.device("cuda"))
    joined = Ranks()
    assert (joined.index, joined.count, joined.device, joined.is_first) == (1, 2, "cuda:1", False)


def test_alone_a_process_is_the_first() -> None:
    alone = Ranks()
    assert alone.is_first and alone.count == 1 and alone.first(lambda: 7) == 7


def test_the_order_of_an_epoch_depends_on_the_seed_and_the_epoch_alone() -> None:
    lengths = [3 + n % 7 for n in range(40)]
    order = EpochOrder(lengths, 8, seed=1)
    first = list(order)
    order.set_epoch(1)
    second = list(order)
    again = EpochOrder(lengths, 8, seed=1)
    again.set_epoch(1)
    assert sorted(first) == sorted(second) == list(range(40)) and list(again) == second != first
    assert list(EpochOrder(lengths, 8, seed=2)) != first
