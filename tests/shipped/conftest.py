"""The programs of `.ci`, which are no package."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

CI = Path(__file__).resolve().parents[2] / ".ci"


def load(name: str) -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(CI))  # they import each other
        return importlib.import_module(name)


@pytest.fixture(scope="session")
def constraints() -> ModuleType:
    return load("constraints")


@pytest.fixture(scope="session")
def hashes() -> ModuleType:
    return load("hashes")


@pytest.fixture(scope="session")
def licences() -> ModuleType:
    return load("licences")


@pytest.fixture(scope="session")
def audit() -> ModuleType:
    return load("audit")


@pytest.fixture(scope="session")
def release() -> ModuleType:
    return load("release")
