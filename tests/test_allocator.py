"""Memory that a training keeps: no array of a step is fetched from the system anew. And memory that is given back."""

from __future__ import annotations

import platform
import resource
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch

from bcos_core.allocator import give_back, memory_kept

WARM, STEPS = 3, 3
TEXTS, WIDTH = 2**18, 64  # arrays of 64 MiB, too
NUMBERS = 2**24  # 64 MiB: more than what glibc ever keeps by itself
ROOT = Path(__file__).parents[1]
FETCHED = """
import sys
from contextlib import nullcontext
from bcos_core.allocator import memory_kept
from tests.test_allocator import STEPS, fetched
with memory_kept() if sys.argv[1] == "kept" else nullcontext():
    print(fetched(STEPS))
"""
pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")


def fetched(steps: int) -> int:
    """Pages that the system hands out while a small network is trained so many steps."""
    torch.manual_seed(0)
    layers = torch.nn.Sequential(*(torch.nn.Linear(WIDTH, WIDTH) for _ in range(3)))
    texts = torch.randn(TEXTS, WIDTH)
    for step in range(steps + WARM):
        if step == WARM:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        layers(texts).square().mean().backward()
        layers.zero_grad()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.parametrize("kept", [True, False])
def test_the_arrays_of_a_step_have_the_memory_of_the_last_one_where_it_is_kept(kept: bool) -> None:
    # In a process of its own: on the heap of a long run of tests an array may lie once where nothing lay before.
    command = [sys.executable, "-c", FETCHED, "kept" if kept else "not"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    array = 4 * TEXTS * WIDTH / resource.getpagesize()  # one of some ten that a step needs
    assert (int(said.stdout) < STEPS * array / 2) is kept


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
        give_back()


GIVEN_BACK = """
import gc, psutil
from bcos_core.allocator import give_back
held = [bytearray(1000) for _ in range(300_000)]
last = held[-1]
held.clear()  # what is left lies at the end: 300 MB are free below it
gc.collect()
before = psutil.Process().memory_info().rss
give_back()
print(before - psutil.Process().memory_info().rss)
"""


def test_what_is_free_below_something_that_is_in_use_is_given_back() -> None:
    said = subprocess.run([sys.executable, "-c", GIVEN_BACK], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(said.stdout) > 200e6
