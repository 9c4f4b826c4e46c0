"""Memory that a training keeps: no array of a step is fetched from the system anew."""

from __future__ import annotations

import platform
import resource
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch

from bcos_core.train.kept_memory import memory_kept

WARM = 6
NUMBERS = 2**24  # 64 MiB: more than what glibc ever keeps by itself
ROOT = Path(__file__).parents[2]
FETCHED = """
from bcos_core.train.kept_memory import memory_kept
from tests.train.test_kept_memory import fetched
with memory_kept():
    print(fetched(6))
"""
pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")


def fetched(steps: int) -> int:
    """Pages that the system hands out while a small network is trained so many steps."""
    torch.manual_seed(0)
    layers = torch.nn.Sequential(*(torch.nn.Linear(512, 512) for _ in range(6)))
    texts = torch.randn(2048, 512)
    for step in range(steps + WARM):
        if step == WARM:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        layers(texts).square().mean().backward()
        layers.zero_grad()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_the_arrays_of_a_step_have_the_memory_of_the_last_one() -> None:
    # In a process of its own: on the heap of a long run of tests an array may lie once where nothing lay before.
    said = subprocess.run([sys.executable, "-c", FETCHED], cwd=ROOT, capture_output=True, text=True, check=True)
    array = 4 * 2048 * 512 / resource.getpagesize()  # one of some twenty that a step needs
    assert int(said.stdout) < 6 * array / 2


def test_it_is_given_back_behind_the_block() -> None:
    process = psutil.Process()
    with memory_kept():
        torch.ones(NUMBERS)
        held = process.memory_info().rss
    assert held - process.memory_info().rss > 4 * NUMBERS / 2


def test_an_error_passes_and_gives_it_back_too() -> None:
    process = psutil.Process()
    with pytest.raises(ZeroDivisionError), memory_kept():
        torch.ones(NUMBERS)
        held = process.memory_info().rss
        raise ZeroDivisionError
    assert held - process.memory_info().rss > 4 * NUMBERS / 2


def test_nothing_is_asked_of_another_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr("ctypes.CDLL", lambda _: pytest.fail("asked"))
    with memory_kept():
        pass
