"""Where jobs run, as the environment says, refused in words where it cannot be."""

from __future__ import annotations

import importlib.util
import platform
from pathlib import Path

import pytest

from bcos_core.errors import InputError
from bcos_core.home import Home
from bcos_core.jobs.executors.chosen import chosen_executor
from bcos_core.jobs.executors.ray_client import in_a_line
from bcos_core.jobs.executors.settings import RaySettings, SlurmSettings, asked_executor, ray_settings, slurm_settings

GIVEN = {"BCOS_EXECUTOR": "ray", "BCOS_RAY_ADDRESS": "http://127.0.0.1:8265", "RAY_AUTH_MODE": "token"}
NAMES = ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS", "RAY_AUTH_TOKEN_PATH", "BCOS_RAY_JOBS", "BCOS_RAY_CPUS")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*NAMES, "BCOS_RAY_GPUS", "BCOS_RAY_PYTHON", "BCOS_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**GIVEN, "RAY_AUTH_TOKEN": "t", "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())


def test_what_is_not_said_is_local(monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
    for word in ("", " ", "local", "LOCAL"):
        monkeypatch.setenv("BCOS_EXECUTOR", word)
        assert asked_executor() == "local" and chosen_executor(home).name == "local"
    monkeypatch.setenv("BCOS_EXECUTOR", "kubernetes")
    with pytest.raises(InputError, match="BCOS_EXECUTOR is 'kubernetes'; expected local, ray or slurm"):
        chosen_executor(home)


def test_what_is_said_of_a_cluster(monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
    assert ray_settings() == RaySettings("http://127.0.0.1:8265", jobs=2, cpus=1, gpus=0, python="python")
    said = {"BCOS_RAY_JOBS": "8", "BCOS_RAY_CPUS": "4", "BCOS_RAY_GPUS": "2", "BCOS_RAY_PYTHON": "/opt/bin/python"}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert ray_settings() == RaySettings("http://127.0.0.1:8265", jobs=8, cpus=4, gpus=2, python="/opt/bin/python")
    assert ray_settings().wanted == "4 cores and 2 GPUs"
    assert chosen_executor(home).name == "ray"  # a cluster that is not there yet may come


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://user:secret@head:8265", "'http://head:8265'"),
        ("http://user:se/secret@head:8265/x", "'http://…'"),
        ("http://head:8265/?key=a@secret", "'http://…'"),
        ("user:secret@head:8265", "'head:8265'"),
        ("http://head:8265/?key=secret", "'http://head:8265'"),
        ("http://user:secret@[", "'http://['"),
        ("ray://secret@head:1", "'ray://head:1'"),
    ],
)
def test_a_refusal_does_not_repeat_a_password(monkeypatch: pytest.MonkeyPatch, address: str, shown: str) -> None:
    monkeypatch.setenv("BCOS_RAY_ADDRESS", address)
    with pytest.raises(InputError, match="expected http") as refused:
        ray_settings()
    assert f"BCOS_RAY_ADDRESS is {shown};" in str(refused.value) and "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BCOS_RAY_ADDRESS", "", "set BCOS_RAY_ADDRESS to the cluster's dashboard"),
        ("BCOS_RAY_ADDRESS", "head:8265", "expected http://HOST:PORT"),
        ("BCOS_RAY_ADDRESS", "http://user:secret@127.0.0.1:8265", "expected http://HOST:PORT"),
        ("BCOS_RAY_ADDRESS", "http://127.0.0.1:99999", "expected http://HOST:PORT"),
        ("BCOS_RAY_ADDRESS", "http://[", "expected http://HOST:PORT"),
        ("BCOS_RAY_ADDRESS", "ray://127.0.0.1:10001", "expected http://HOST:PORT"),
        ("BCOS_RAY_ADDRESS", "http://head.example:8265", "an SQLite file is of this one"),
        ("RAY_ADDRESS", "auto", "RAY_ADDRESS is set, which Ray would use in place"),
        ("RAY_AUTH_MODE", "", "RAY_AUTH_MODE is not token"),
        ("RAY_AUTH_MODE", "disabled", "RAY_AUTH_MODE is not token"),
        ("RAY_AUTH_TOKEN", "", "There is no token"),
        ("BCOS_RAY_JOBS", "0", "expected a whole number from 1 to 4096"),
        ("BCOS_RAY_CPUS", "²", "expected a whole number from 1"),
        ("BCOS_RAY_GPUS", "-1", "expected a whole number from 0"),
        ("BCOS_RAY_GPUS", "9999", "expected a whole number from 0"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=words):
        ray_settings()


def test_a_cluster_elsewhere_wants_a_database_that_it_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BCOS_RAY_ADDRESS", "https://head.example:8265/")
    monkeypatch.setenv("BCOS_DATABASE_URL", "postgresql+psycopg://bcos@db.example/bcos")
    assert ray_settings().address == "https://head.example:8265"


def test_a_token_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    with pytest.raises(InputError, match="There is no token"):
        ray_settings()
    (tmp_path / "token").write_text("t")
    ray_settings()


def test_without_ray_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="Ray is not installed. Install it: pip install .* requirements-cluster.txt"):
        ray_settings()


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of Slurm's commands, which is all of the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sbatch", "squeue", "scancel", "sinfo"):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    for name in ("BCOS_SLURM_JOBS", "BCOS_SLURM_CPUS", "BCOS_SLURM_GPUS", "BCOS_SLURM_OPTIONS"):
        monkeypatch.delenv(name, raising=False)
    return folder


def test_what_is_said_of_slurm(commands: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = lambda: {platform.node()}  # noqa: E731
    assert slurm_settings(here) == SlurmSettings(jobs=2, cpus=1, gpus=0)
    said = {"JOBS": "8", "CPUS": "4", "GPUS": "2", "OPTIONS": "--partition=gpu --comment='of the lab'"}
    for name, value in said.items():
        monkeypatch.setenv(f"BCOS_SLURM_{name}", value)
    settings = slurm_settings(here)
    assert settings == SlurmSettings(8, 4, 2, ("--partition=gpu", "--comment=of the lab"))
    wanted = ["--nodes=1", "--ntasks=1", "--cpus-per-task=4", "--gres=gpu:2", "--partition=gpu", "--comment=of the lab"]
    assert settings.options == wanted and settings.wanted == "4 cores and 2 GPUs"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("-p gpu", "has '-p'; expected options as --partition=NAME"),
        ("--partition gpu", "has 'gpu'; expected options"),
        ("--partition='gpu", "cannot be read"),
        ("--output=/etc/passwd", "which the dashboard sets itself"),
        ("--out=/etc/passwd", "which the dashboard sets itself"),
        ("--wrap=id", "which the dashboard sets itself"),
        ("--", "which the dashboard sets itself"),
        ("--test-only", "with it no job is begun"),
        ("--cluster=other", "none that the dashboard finds "),
    ],
)
def test_options_that_are_none_or_ours_are_refused(
    commands: Path, monkeypatch: pytest.MonkeyPatch, options: str, words: str
) -> None:
    monkeypatch.setenv("BCOS_SLURM_OPTIONS", options)
    with pytest.raises(InputError, match=words):
        slurm_settings(set)


def test_slurm_on_other_machines_wants_a_database_that_they_reach(
    commands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"other machines \(node7\), and an SQLite file is of this one"):
        slurm_settings(lambda: {platform.node(), "node7"})
    monkeypatch.setenv("BCOS_DATABASE_URL", "postgresql+psycopg://bcos@db.example/bcos")
    assert slurm_settings(lambda: {"node7"}) == SlurmSettings()
    (commands / "squeue").unlink()
    with pytest.raises(InputError, match="no command squeue here"):
        slurm_settings(set)


def test_a_password_is_not_shown_to_the_cluster(monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
    from bcos_core.jobs.executors.ray import RayExecutor

    monkeypatch.setenv("BCOS_DATABASE_URL", "postgresql+psycopg://bcos:secret@db.example/bcos")
    passed = RayExecutor(home, ray_settings())._environment()
    assert passed["BCOS_DATABASE_URL"] == "postgresql+psycopg://bcos@db.example/bcos"
    assert "secret" not in str(passed) and "RAY_AUTH_TOKEN" not in passed
    assert passed["BCOS_DEVICE"] == "cpu" and passed["BCOS_HOME"] == str(home.root)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (None, "no reason was given"),
        ("", "no reason was given"),
        ("Job died.\nMore of it.", "Job died"),
        ("status code 500: Traceback (most recent call last):\n  File x\nValueError: exists\n.", "ValueError: exists"),
    ],
)
def test_what_ray_says_in_a_line(said: str | None, line: str) -> None:
    assert in_a_line(said) == line
