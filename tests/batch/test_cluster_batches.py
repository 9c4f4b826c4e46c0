"""The same shards by the workers of a Ray cluster, where Ray is installed; in words where it is not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import psutil
import pytest
from data_sets import TEXTS, asked, files, lines, run
from tiny_pair import save_pair

from bcos_core.batch import cluster
from bcos_core.errors import InputError
from bcos_core.home import Home
from tests.ports import free_port, listened_at


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_two_workers_make_the_files_of_one_process(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    run(asked(folder, data), tmp_path / "one")
    made = run(asked(folder, data, workers=2), tmp_path / "two")
    assert files(tmp_path / "one") == files(tmp_path / "two") and made.here == 20


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_ray_that_is_started_here_is_reached_from_this_machine_alone(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    # A process of its own: Ray reads where it is to listen when it is imported, which another test may have done.
    command = [sys.executable, "-m", "bcos_core", "explain-dataset", str(folder), "--data", data.name]
    command += ["--output", str(tmp_path / "out"), "--shard-rows", "10", "--ray", "2"]
    without = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    asking = subprocess.Popen(command, env=without, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    heard: set[IPv4Address | IPv6Address] = set()
    while asking.poll() is None:  # until it ends: how long Ray takes to start is the machine's affair
        heard |= listened_at(family(asking.pid))
        time.sleep(0.1)
    said = asking.communicate()[0]
    assert asking.returncode == 0, said
    assert heard and all(address.is_loopback for address in heard), heard


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
@pytest.mark.timeout(60)  # Ray itself would ask for five minutes and end the process without a word
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1:{port}", "No Ray cluster answers at RAY_ADDRESS=127.0.0.1:"),
        ("ray://127.0.0.1:{port}", "No Ray cluster answers at RAY_ADDRESS=ray://127.0.0.1:"),
        ("127.0.0.1:99999", "No Ray cluster answers"),
        ("no such cluster", "cannot be joined"),
    ],
)
def test_a_cluster_that_is_away_is_said_at_once(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    monkeypatch.setenv("RAY_ADDRESS", address.format(port=free_port()))
    with pytest.raises(InputError, match=said):
        run(asked(folder, data, workers=2), tmp_path / "out")


def family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return psutil.Process(pid).children(recursive=True)
    return []


def test_without_ray_it_says_what_is_missing(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="needs Ray, which is not installed"):
        run(asked(folder, data, workers=2), tmp_path / "out")


def test_a_worker_with_another_model_refuses(home: Home, tmp_path: Path) -> None:
    from dataclasses import asdict

    folder, conventional = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    run(asked(folder, data, "occlusion"), tmp_path / "out")
    from bcos_core.batch.manifest import read_manifest
    from bcos_core.storage.plain import to_plain

    run_id = read_manifest(tmp_path / "out").id
    asked_there = to_plain(asdict(asked(conventional, data, "occlusion")))
    with pytest.raises(InputError, match="another model"):
        cluster.ShardMaker(asked_there, str(tmp_path / "out"), run_id)
    maker = cluster.ShardMaker(to_plain(asdict(asked(folder, data, "occlusion"))), str(tmp_path / "out"), run_id)
    assert maker({"shard": [9]})["error"] == ["The data have no row 73 any more."]
