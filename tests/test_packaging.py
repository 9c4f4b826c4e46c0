"""What `pip install -e ".[app,dev]"` brings is what the lists of requirements pin."""

from __future__ import annotations

import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bcos_core.home import CHECKOUT

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def listed(file: str) -> dict[str, str]:
    """The pinned version of each package of a list of requirements."""
    lines = (line.partition("#")[0].strip() for line in (CHECKOUT / file).read_text(encoding="utf-8").splitlines())
    pinned = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in pinned}


@pytest.mark.parametrize(
    ("declared", "file"),
    [
        ([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["app"]], "requirements.txt"),
        (PROJECT["optional-dependencies"]["cluster"], "requirements-cluster.txt"),
        (PROJECT["optional-dependencies"]["dev"], "requirements-dev.txt"),
    ],
)
def test_extras_and_lists_name_the_same_packages(declared: list[str], file: str) -> None:
    wanted, pinned = [Requirement(one) for one in declared], listed(file)
    assert {canonicalize_name(one.name) for one in wanted} == set(pinned)
    assert all(one.specifier.contains(pinned[canonicalize_name(one.name)]) for one in wanted)
