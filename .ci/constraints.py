"""constraints.txt: the version of every package that an installation of the requirements brings.

    python .ci/constraints.py           says what is missing from it or other than what is installed; exit code 1
    python .ci/constraints.py --write   writes it, from what is installed here

What another platform or Python installs as well keeps its line; a package that its parent names by exact version
(the CUDA libraries of PyTorch) is pinned by that.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
LISTS = ("requirements.txt", "requirements-no-deps.txt", "requirements-dev.txt")
HEADER = """# Every package that the lists of requirements bring, by version, for `make setup`.
# Written by `make constraints`, checked by `make check`; hashes.txt and
# hashes-dev.txt have the hashes of what is the same on every host.
"""


def required(lists: tuple[str, ...] = LISTS, root: Path = ROOT) -> list[Requirement]:
    """The packages that the lists name themselves."""
    lines = [line.partition("#")[0].strip() for name in lists for line in (root / name).read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def pins(path: Path = ROOT / "constraints.txt") -> dict[str, str]:
    """The version of each package in the file, by its canonical name."""
    found = {}
    for line in path.read_text().splitlines() if path.is_file() else []:
        if line.strip() and not line.startswith("#"):
            name, _, version = line.partition("==")
            found[canonicalize_name(name)] = version.strip()
    return found


def installed(roots: list[Requirement], *, everywhere: bool = False) -> dict[str, tuple[str, bool]]:
    """The packages that `roots` bring here: their version, and whether a parent names that version itself.

    With `everywhere`, markers of the platform are not looked at: also what they would bring elsewhere, with no version
    where it is not installed.
    """
    found: dict[str, tuple[str, bool]] = {}
    waiting = [(root, False) for root in roots]
    done: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement, exact = waiting.pop()
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        try:
            distribution = metadata.distribution(requirement.name)
        except metadata.PackageNotFoundError:
            if everywhere:
                found.setdefault(name, ("", exact))
            continue
        version, known = found.get(name, (str(Version(distribution.version).public), False))
        found[name] = (version, known or exact)
        if key in done:
            continue
        done.add(key)
        for child in _children(distribution, requirement.extras, everywhere=everywhere):
            waiting.append(
                (child, any(clause.operator == "==" and "*" not in clause.version for clause in child.specifier))
            )
    return found


def _children(distribution: metadata.Distribution, extras: set[str], *, everywhere: bool) -> Iterator[Requirement]:
    for line in distribution.requires or ():
        child = Requirement(line)
        wanted = child.marker is None or any(child.marker.evaluate({"extra": extra}) for extra in ("", *extras))
        if wanted or (everywhere and not re.search(r"\bextra\b", str(child.marker))):
            yield child


def complaints(wanted: list[Requirement], pinned: dict[str, str]) -> list[str]:
    """What is wrong with the pins, one sentence each."""
    said = []
    for name, (version, by_parent) in sorted(installed(wanted).items()):
        if name not in pinned and not by_parent:
            said.append(f"{name} {version} is installed and not pinned.")
        elif name in pinned and pinned[name] != version:
            said.append(f"{name} is pinned to {pinned[name]}, and {version} is installed.")
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        if name in pinned and not requirement.specifier.contains(pinned[name], prereleases=True):
            said.append(f"{name} is pinned to {pinned[name]}, and the requirements ask for {requirement.specifier}.")
    reachable = installed(wanted, everywhere=True)
    said += [f"{name} is pinned, and nothing brings it." for name in sorted(pinned) if name not in reachable]
    return said


def write(path: Path = ROOT / "constraints.txt") -> None:
    """The file anew; a line of a package that only another platform has stays."""
    wanted, before = required(), pins(path)
    elsewhere = {name: before[name] for name in installed(wanted, everywhere=True) if name in before}
    here = {name: version for name, (version, _) in installed(wanted).items()}
    lines = [f"{name}=={version}\n" for name, version in sorted({**elsewhere, **here}.items())]
    path.write_text(HEADER + "".join(lines))


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    wrong = complaints(required(), pins())
    for line in wrong:
        print(f"constraints.txt: {line}", file=sys.stderr)
    if wrong:
        print("`make constraints` writes it anew from what is installed.", file=sys.stderr)
    sys.exit(bool(wrong))
