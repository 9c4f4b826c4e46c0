"""Two servers with a disk each, as processes: one PostgreSQL, one store that speaks S3. What is trained on one is
explained on the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny_pair import save_pair

from bcos_core.home import CHECKOUT, Home
from bcos_core.storage.artefacts.objects import OPTIONS_FILE, STORE
from bcos_core.storage.database import URL_VARIABLE
from tests.cluster import Cluster
from tests.s3_server import BUCKET, S3Server

WORDS = ["good", "bad", "film", "plot", "story", "scene"]


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    name = cluster.make_database()
    yield cluster.address(name).render_as_string(hide_password=False)
    cluster.drop_database(name)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A file of short reviews, which every server has at its place."""
    rows = [f"a {WORDS[i % 6]} and {'good' if i % 2 else 'bad'} thing number {i},{i % 2}" for i in range(120)]
    file = tmp_path / "reviews.csv"
    file.write_text("\n".join(["text,label", *rows]))
    return file


class Server:
    """One of them: its home, and what it is started with."""

    def __init__(self, home: Path, database: str, s3: S3Server) -> None:
        self.home = Home(home)
        kept = {name: value for name, value in os.environ.items() if name != OPTIONS_FILE}
        self._environment = {
            **kept,
            **s3.variables,
            "BCOS_HOME": str(home),
            URL_VARIABLE: database,
            STORE: f"s3://{BUCKET}/two-servers-{home.parent.name}",
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
        }

    def run(self, *words: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "bcos_core", *words, "--json"]
        done = subprocess.run(command, cwd=CHECKOUT, env=self._environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1] if done.stdout.count("\n") < 3 else done.stdout)
        return found


def test_what_is_trained_on_one_is_explained_on_the_other(
    database: str, table: Path, s3: S3Server, tmp_path: Path
) -> None:
    left, right = Server(tmp_path / "left", database, s3), Server(tmp_path / "right", database, s3)
    start, _ = save_pair(Home(tmp_path / "start"))
    start = start.with_name("tiny-conventional")
    options = (
        "--epochs",
        "1",
        "--examples",
        "60",
        "--batch-size",
        "8",
        "--max-length",
        "32",
        "--precision",
        "fp32",
        "--name",
        "Tiny",
    )
    left.run("train", "--model", str(start), "--task", str(table), "--recipe", "calibrated", *options)
    (made,) = [one for one in left.run("models")["checkpoints"] if one["kind"] == "bcos"]
    assert not list(right.home.models.glob("*"))
    text = ("--text", "a good and bad film", "--methods", "bcos")
    here, there = left.run("explain", made["path"], *text), right.run("explain", "Tiny", *text)
    (copy,) = right.home.models.glob(Path(made["path"]).name)
    assert copy.is_dir() and str(copy) != made["path"]
    scores = [[token["score"] for token in _tokens(one)] for one in (here, there)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-6) and any(scores[0])
    assert right.run("store", "check", "--read")["whole"]
    right.run("models", "delete", "Tiny", "--twin")
    assert not copy.exists()
    assert "Tiny" not in [one["name"] for one in right.run("models")["checkpoints"]]
    found = left.run("store", "check")
    assert not [path for path in found["not_here"] if path.startswith("models/")]


def _tokens(result: dict[str, Any]) -> list[dict[str, Any]]:
    record = result["records"][0] if "records" in result else result
    return [{"score": score} for score in record["scores"]]
