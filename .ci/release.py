"""A release, in build/release: the files of the present commit, the list of what it runs on, and their checksums.

    python .ci/release.py [FOLDER]

The version is that of bcos_core/__init__.py. Refused where something is not committed, or where CHANGELOG.md has no
section of that version. The archive is made by git from the commit alone, with the commit's time and no other, so that
two people who release one commit get the same bytes.

The list of parts (CycloneDX) is of the installed environment, which `make setup` has made by the locked versions and
hashes: what the dashboard runs on, without what development brings besides. It names no time and no serial number.
"""

from __future__ import annotations

import ast
import gzip
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from constraints import ROOT, installed, required
from hashes import APPLICATION
from packaging.utils import canonicalize_name

NAME = "bcos-lm-dashboard"
# Where packages are fetched from is said by whoever installs them, not by a release.
ADDRESSES = re.compile(r"--(?:extra-)?index-url|--find-links|PIP_INDEX|UV_INDEX|file://|/simple/")
LISTS = ("requirements", "constraints", "hashes", "Makefile", "deploy/", ".ci/run", "pyproject.toml")


def version(root: Path) -> str:
    """The one place that says it, read without importing what it brings."""
    for node in ast.parse((root / "bcos_core" / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__version__":
            return str(ast.literal_eval(node.value))
    raise SystemExit("release: bcos_core/__init__.py says no __version__.")


def section(changelog: str, version: str) -> str:
    """What has changed in a version; "" where it has no section, or an empty one."""
    found = re.search(rf"^## \[?{re.escape(version)}\]?(?: [^\n]*)?$(.*?)(?=^## |\Z)", changelog, re.M | re.S)
    return found[1].strip() if found else ""


def refusals(root: Path, version: str) -> list[str]:
    """Why nothing can be released, one sentence each."""
    said = []
    if changed := _git(root, "status", "--porcelain"):
        said.append(f"{len(changed.splitlines())} files are not committed. A release is a commit: commit them first.")
    if not section((root / "CHANGELOG.md").read_text(encoding="utf-8"), version):
        said.append(
            f"CHANGELOG.md has no section of version {version}. Give what stands under “Unreleased” the heading "
            f"“## {version} (DATE)”, or change __version__ in bcos_core/__init__.py."
        )
    for file in _git(root, "ls-files").splitlines():
        if file.startswith(LISTS) and (found := ADDRESSES.search((root / file).read_text(encoding="utf-8"))):
            said.append(f"{file} says where packages are fetched from ({found[0]}).")
    return said


def archive(root: Path, version: str) -> bytes:
    """A .tar.gz of the present commit: the same bytes every time."""
    tar = subprocess.run(
        ["git", "archive", "--format=tar", f"--prefix={NAME}-{version}/", "HEAD"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    return gzip.compress(tar.stdout, mtime=0)


def parts(root: Path) -> dict[str, Any]:
    """What the dashboard runs on, as CycloneDX has it, from the environment of this process."""
    command = [str(Path(sys.executable).parent / "cyclonedx-py"), "environment", "--output-reproducible"]
    command += ["--pyproject", str(root / "pyproject.toml"), "--of", "JSON", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"release: the list of parts could not be made.\n{done.stderr[-2000:]}")
    names = set(installed(required(APPLICATION)))
    bom = only(json.loads(done.stdout), lambda name: canonicalize_name(name) in names)
    bom["metadata"]["component"]["version"] = version(root)
    return bom


def only(bom: dict[str, Any], wanted: Callable[[str], bool]) -> dict[str, Any]:
    """The list with those components whose names are wanted, and what depends on what among them."""
    components = [one for one in bom["components"] if wanted(one["name"])]
    refs = {one["bom-ref"] for one in components} | {bom["metadata"].get("component", {}).get("bom-ref")}
    dependencies = [
        {**one, "dependsOn": [ref for ref in one["dependsOn"] if ref in refs]} if "dependsOn" in one else one
        for one in bom["dependencies"]
        if one["ref"] in refs
    ]
    return {**bom, "components": components, "dependencies": dependencies}


def main(folder: Path) -> int:
    number = version(ROOT)
    if said := refusals(ROOT, number):
        print("\n".join(f"release: {line}" for line in said), file=sys.stderr)
        return 1
    files = {
        f"{NAME}-{number}.tar.gz": archive(ROOT, number),
        f"{NAME}-{number}.cdx.json": json.dumps(parts(ROOT), indent=1, sort_keys=True).encode() + b"\n",
    }
    files["SHA256SUMS"] = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items()
    ).encode()
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
        print(folder / name)
    return 0


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "release"))
