"""The same shards by the workers of a Ray cluster, where Ray is installed; in words where it is not."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from data_sets import TEXTS, asked, files, lines, run
from tiny_pair import save_pair

from bcos_core.batch import cluster
from bcos_core.errors import InputError
from bcos_core.home import Home


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_two_workers_make_the_files_of_one_process(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    run(asked(folder, data), tmp_path / "one")
    made = run(asked(folder, data, workers=2), tmp_path / "two")
    assert files(tmp_path / "one") == files(tmp_path / "two") and made.here == 20


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
