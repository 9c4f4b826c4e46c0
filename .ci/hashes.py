"""hashes.txt and hashes-dev.txt: the SHA-256 of every file of the releases in constraints.txt, for `make setup`.

    python .ci/hashes.py           says what is missing from them or other than constraints.txt; exit code 1
    python .ci/hashes.py --write   writes them; asks the package registry, through uv, for the files of each release

All files of a release are named, those for other systems and versions of Python too, so that one list serves every
host. The first list is what the dashboard runs on, the second what development brings besides. Not in them, and
installed by version alone:

- `torch` and the CUDA libraries that it names by exact version: a CPU host takes another build of the same release,
  often from another registry, whose files differ;
- what only another system or Python brings, and this one has not installed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from constraints import LISTS, ROOT, installed, pins, required
from packaging.utils import canonicalize_name

BY_VERSION_ALONE = frozenset({"torch"})
APPLICATION = tuple(name for name in LISTS if name != "requirements-dev.txt")
FILES = ("hashes.txt", "hashes-dev.txt")
HEADER = """# Written by `make constraints`, checked by `make check`: {what}, with the SHA-256 of every file of
# its release. `make setup` installs nothing of this list that has another. .ci/hashes.py says what is not in it.
"""
WHAT = {"hashes.txt": "what the dashboard runs on", "hashes-dev.txt": "what development brings besides"}
_PIN = re.compile(r"([A-Za-z0-9._-]+)==(\S+) \\")
_HASH = re.compile(r" {4}--hash=sha256:([0-9a-f]{64})( \\)?")

Locked = dict[str, tuple[str, frozenset[str]]]


def wanted(pinned: dict[str, str]) -> dict[str, dict[str, str]]:
    """The pins that each of the files has to have: those of packages that are installed here."""
    application = set(installed(required(APPLICATION))) - BY_VERSION_ALONE
    everything = set(installed(required())) - BY_VERSION_ALONE
    return {
        "hashes.txt": {name: pinned[name] for name in sorted(application) if name in pinned},
        "hashes-dev.txt": {name: pinned[name] for name in sorted(everything - application) if name in pinned},
    }


def read(text: str) -> Locked:
    """The version and the hashes of each package of a file.

    Raises:
        ValueError: a line that is none of a list of hashes.
    """
    found: Locked = {}
    name = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if pin := _PIN.fullmatch(line):
            name = canonicalize_name(pin[1])
            found[name] = (pin[2], frozenset())
        elif (digest := _HASH.fullmatch(line)) and name:
            version, digests = found[name]
            found[name] = (version, digests | {digest[1]})
        else:
            raise ValueError(f"line {number} is neither a package nor a hash: {line[:80]!r}")
    return found


def complaints(wanted: dict[str, str], locked: Locked) -> list[str]:
    """What is wrong with one file, one sentence each."""
    said = [f"{name} {version} is not in it." for name, version in wanted.items() if name not in locked]
    for name, (version, digests) in locked.items():
        if name not in wanted:
            said.append(f"{name} is in it, and should not be.")
        elif wanted[name] != version:
            said.append(f"{name} is {version} there, and {wanted[name]} in constraints.txt.")
        if not digests:
            said.append(f"{name} has no hash.")
    return said


def written(pinned: dict[str, str], what: str) -> str:
    """One file, from the registry that uv asks."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "pins.txt")
        source.write_text("".join(f"{name}=={version}\n" for name, version in pinned.items()))
        command = [str(Path(sys.executable).parent / "uv"), "pip", "compile", "--quiet", "--no-deps"]
        command += ["--generate-hashes", "--no-header", "--no-annotate", "--universal", "--python-version", "3.11"]
        done = subprocess.run([*command, str(source)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"The hashes could not be fetched:\n{done.stderr}")
    return HEADER.format(what=what) + done.stdout


def main(write: bool) -> int:
    wrong = []
    for name, pinned in wanted(pins()).items():
        path = ROOT / name
        if write:
            path.write_text(written(pinned, WHAT[name]))
        try:
            wrong += [f"{name}: {line}" for line in complaints(pinned, read(path.read_text()))]
        except (OSError, ValueError) as error:
            wrong.append(f"{name}: {error}")
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        print("`make constraints` writes both anew.", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] == ["--write"]))
