"""What a method, a score, a protocol, a plant, a recipe or a task is can be read without the libraries that do the
work."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bcos_core.attribution.registry import METHODS
from bcos_core.home import CHECKOUT
from bcos_core.later import Later

HEAVY = {"torch", "transformers", "tokenizers", "captum", "scipy", "sklearn", "pandas", "pyarrow", "datasets"}
DECLARATIONS = (
    "bcos_core.ablation.grid",
    "bcos_core.ablation.result",
    "bcos_core.ablation.spec",
    "bcos_core.attribution.registry",
    "bcos_core.evaluate.scores",
    "bcos_core.evaluate.spec",
    "bcos_core.lab.plants",
    "bcos_core.lab.spec",
    "bcos_core.minimal_pairs.generate",
    "bcos_core.minimal_pairs.measures",
    "bcos_core.minimal_pairs.reading",
    "bcos_core.reproduce.spec",
    "bcos_core.study.design",
    "bcos_core.study.protocols",
    "bcos_core.study.tries",
    "bcos_core.text.tasks",
    "bcos_core.train.quickstart",
    "bcos_core.train.recipe",
    "bcos_core.train.spec",
)
KEEPING = (
    "bcos_core.operations.artefacts",
    "bcos_core.operations.clean",
    "bcos_core.shelf.trash",
    "bcos_core.shelf.uses",
    "bcos_core.storage.backup",
    "bcos_core.storage.transfer",
)
"""What looks after what there is, and asks no model."""
SECONDS = 3.0
"""For all of them on a busy machine; alone they take a third of a second, PyTorch and transformers five."""


def imported(*modules: str) -> tuple[set[str], float]:
    """The top packages that a new process has after importing these, and the seconds that it took."""
    code = (
        "import importlib, json, sys, time; began = time.process_time()\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(json.dumps([sorted({name.split('.')[0] for name in sys.modules}), time.process_time() - began]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    packages, seconds = json.loads(done.stdout)
    return set(packages), seconds


def test_declarations_are_read_without_what_does_the_work() -> None:
    packages, seconds = imported(*DECLARATIONS)
    assert not packages & HEAVY
    assert seconds < SECONDS


def test_what_there_is_is_looked_after_without_what_does_the_work() -> None:
    packages, seconds = imported(*KEEPING)
    assert not packages & HEAVY
    assert seconds < SECONDS


@pytest.mark.parametrize("name", METHODS)
def test_a_methods_function_is_where_it_says(name: str) -> None:
    attribute = METHODS[name].attribute
    assert isinstance(attribute, Later) and callable(attribute.load())
