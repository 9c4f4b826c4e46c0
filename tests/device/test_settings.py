"""Where and in what is computed: settings, each refused in words where it says nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from bcos_core import explain
from bcos_core.cli.main import main
from bcos_core.device import (
    DETERMINISTIC,
    DEVICE,
    MODEL_MEMORY,
    PRECISION,
    asked_device,
    asked_precision,
    chosen_device,
    is_deterministic,
    require_gpu,
    settings_in_words,
)
from bcos_core.errors import InputError
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs import devices
from bcos_core.jobs.devices import device_environment, present_device, visible_devices
from bcos_core.jobs.lane import Lane
from bcos_core.model.classifier import load
from tests.model.folders import TEXT, save_folder, save_model, tiny_model


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
    for name in (DEVICE, PRECISION, DETERMINISTIC):
        monkeypatch.setenv(name, "")


def test_without_a_word_it_is_a_gpu_if_there_is_one_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (asked_device(), asked_precision(), is_deterministic(), settings_in_words()) == ("auto", "fp32", False, "")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert chosen_device() == torch.device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert chosen_device() == torch.device("cpu")


@pytest.mark.parametrize("said", ["gpu", "cuda:", "cuda:-1", "cuda:one", "cpu:0", "cuda:0;rm", "1", "mps:0 "])
def test_a_device_that_is_none_is_refused_in_words(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEVICE, said)
    for asked in (asked_device, chosen_device, visible_devices, present_device):
        with pytest.raises(InputError, match="BCOS_DEVICE is .* expected auto, cpu, cuda, cuda:0 .* or mps"):
            asked()


@pytest.mark.parametrize(("said", "kind"), [("CPU", "cpu"), ("cuda", "cuda"), ("cuda:1", "cuda"), (" mps", "mps")])
def test_a_device_is_known_by_its_kind(said: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEVICE, said)
    assert present_device() == kind


def test_a_device_that_is_not_there_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for said, missing in (("cuda", "no CUDA GPU"), ("cuda:1", "no CUDA GPU"), ("mps", "no GPU of Apple's")):
        monkeypatch.setenv(DEVICE, said)
        with pytest.raises(InputError, match=missing):
            chosen_device()
    for asked, count, there in (("cuda:1", 1, "cuda:0 alone"), ("cuda:4", 4, "cuda:0 to cuda:3 alone")):
        with pytest.raises(InputError, match=f"{asked}, but there is {there}"):
            require_gpu(asked, count)
    require_gpu("cuda:3", 4)


def test_jobs_run_on_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_cuda_device_count", lambda: 3)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,GPU-7")
    every = ("cuda:4", "cuda:5", "cuda:GPU-7")
    asked = {"auto": every, "cuda": every, "cuda:2": ("cuda:GPU-7",), "cpu": ("cpu",), "mps": ("mps",)}
    for said, found in asked.items():
        monkeypatch.setenv(DEVICE, said)
        assert visible_devices() == found
    monkeypatch.setenv(DEVICE, "cuda:3")
    with pytest.raises(InputError, match="cuda:0 to cuda:2 alone"):
        visible_devices()
    # A job sees one GPU, which is its first, whatever its supervisor was told.
    said = {device: device_environment(device, Lane.LONG, devices=1) for device in ("cuda:GPU-7", "cpu", "mps")}
    assert [one[DEVICE] for one in said.values()] == ["cuda", "cpu", "mps"]
    assert [one["CUDA_VISIBLE_DEVICES"] for one in said.values()] == ["GPU-7", "", ""]


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        (PRECISION, "fp8", "expected fp32 or bf16"),
        (DETERMINISTIC, "perhaps", "expected 1 or 0"),
    ],
)
def test_other_settings_are_checked_too(
    name: str, said: str, expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, said)
    with pytest.raises(InputError, match=f"{name} is '{said}'; {expected}"):
        settings_in_words()
    assert main(["explain", "nowhere", "--text", "x"]) == 2
    assert expected in capsys.readouterr().err


def test_a_command_is_told_its_device(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "nowhere", "--text", "x", "--device", "tpu"]) == 2
    assert "expected auto, cpu, cuda" in capsys.readouterr().err
    assert main(["explain", "nowhere", "--text", "x", "--device", "cpu"]) == 2
    assert "nowhere" in capsys.readouterr().err and os.environ[DEVICE] == "cpu"
    assert main(["families", "--device", "cpu"]) == 2  # which uses none


def test_a_server_that_could_not_compute_does_not_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(devices, "_cuda_device_count", lambda: 0)
    assert main(["app", "--device", "cuda"]) == 2
    assert "no CUDA GPU here" in capsys.readouterr().err


def test_what_models_may_keep_is_checked_before_anything_is_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(MODEL_MEMORY, "lots")
    assert main(["app", "--port", "0"]) == 2
    assert f"{MODEL_MEMORY} is 'lots'; expected an amount such as 4 GB" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["BCOS_QUOTA_JOBS", "BCOS_QUOTA_PERSON_GB"])
def test_a_server_whose_quotas_say_nothing_does_not_start(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "many")
    assert main(["app", "--port", "0"]) == 2  # at a port that there is not, were it to go on
    assert f"{name} is 'many'" in capsys.readouterr().err


@pytest.mark.parametrize("stored", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_whatever_a_checkpoint_is_stored_in_is_explained_in_float32(
    family: str, stored: torch.dtype, tmp_path: Path
) -> None:
    rounded = tiny_model(family).to(stored)  # type: ignore[arg-type]
    half = load(save_model(tmp_path / "half", rounded))
    whole = load(save_model(tmp_path / "whole", rounded.float()))
    files = [folder / "model.safetensors" for folder in (half.path, whole.path) if folder]
    assert files[0].stat().st_size < 0.7 * files[1].stat().st_size  # it was stored in half
    assert {one.dtype for one in half.model.parameters()} == {torch.float32}
    first, second = explain(half, TEXT, method="pullback"), explain(whole, TEXT, method="pullback")
    torch.testing.assert_close(torch.tensor(first.scores), torch.tensor(second.scores), rtol=1e-6, atol=1e-7)
    assert first.completeness_error < 1e-4 * max(1.0, abs(first.logit))
    assert first.versions["precision"] == "fp32"


def test_bf16_is_for_those_who_ask_and_is_another_model_to_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save_folder(tmp_path / "one", "bert")
    usual, asked = load(folder), load(folder, precision="bf16")
    assert {one.dtype for one in asked.model.parameters()} == {torch.bfloat16}
    assert all(one.dtype is not torch.bfloat16 for one in asked.model.buffers())
    assert asked.identity != usual.identity and asked.weights_hash == usual.weights_hash
    record = explain(asked, TEXT, method="pullback")
    assert record.versions["precision"] == "bf16" and record.versions["device"] == "cpu"
    monkeypatch.setenv(PRECISION, "bf16")
    assert load(folder).identity == asked.identity and load(folder, precision="fp32").identity == usual.identity
    assert settings_in_words() == "Computing under BCOS_PRECISION=bf16."
    with pytest.raises(InputError, match="precision is 'fp8'; expected fp32 or bf16"):
        load(folder, precision="fp8")


SCRIPT = """
import sys, torch
from pathlib import Path
from bcos_core import explain
from bcos_core.model.classifier import load
record = explain(load(Path(sys.argv[1])), "the film", method="pullback")
import os
print(torch.are_deterministic_algorithms_enabled(), os.environ.get("CUBLAS_WORKSPACE_CONFIG"), record.versions)
"""


@pytest.mark.parametrize("asked", ["1", "0"])
def test_determinism_is_switched_on_before_anything_is_loaded(asked: str, tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "bert")
    told = {name: value for name, value in os.environ.items() if name != "CUBLAS_WORKSPACE_CONFIG"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)],
        env={**told, DETERMINISTIC: asked},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    on, workspace, said = done.stdout.split(" ", 2)
    assert (on, workspace) == (("True", ":4096:8") if asked == "1" else ("False", "None"))
    assert ("'deterministic': 'yes'" in said) == (asked == "1")
