"""Memory is measured in a process of its own, in which a large array is seen and given back."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tiny_pair import save_pair

from bcos_core.home import CHECKOUT, Home
from bcos_core.reproduce.memory import forget_peak, methods_memory

pytestmark = pytest.mark.skipif(not forget_peak(), reason="this system does not tell a process's peak memory")


def test_each_method_that_can_serve_the_model(home: Home) -> None:
    _, conventional = save_pair(home.create())
    found = methods_memory(str(conventional), ["bcos", "saliency", "occlusion"], "A charming film.", {})
    assert set(found) == {"saliency", "occlusion"} and all(0 <= value < 5e8 for value in found.values())


def test_a_peak_is_seen_and_forgotten() -> None:
    code = (
        "import numpy as np; from bcos_core.reproduce.memory import forget_peak, held_bytes, peak_bytes\n"
        "forget_peak(); before = held_bytes(); np.ones(40_000_000); print(peak_bytes() - before)\n"
        "forget_peak(); print(peak_bytes() - held_bytes())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    grown, after = map(int, done.stdout.split())
    assert 3e8 < grown < 4e8 and after < 5e7  # 40 million numbers of eight bytes
