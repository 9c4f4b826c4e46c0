"""Of all that is the same on every host, the hashes are locked; what is not said to be elsewhere is in the lock."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_lists_of_hashes_are_those_of_the_pins(constraints: ModuleType, hashes: ModuleType) -> None:
    wanted = hashes.wanted(constraints.pins())
    for name, pinned in wanted.items():
        assert hashes.complaints(pinned, hashes.read((ROOT / name).read_text())) == []
    locked = wanted["hashes.txt"].keys() | wanted["hashes-dev.txt"].keys()
    assert set(constraints.installed(constraints.required())) & set(constraints.pins()) - locked == {"torch"}


def test_make_setup_takes_nothing_else_than_what_has_those_hashes() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "--no-deps --require-hashes" in makefile
    assert "$(HASHED) -r hashes.txt\n" in makefile and "$(HASHED) -r hashes.txt -r hashes-dev.txt\n" in makefile


def test_what_is_wrong_with_a_list_is_found(hashes: ModuleType) -> None:
    digest = "0" * 64
    locked = hashes.read(f"# words\nA_b==1 \\\n    --hash=sha256:{digest} \\\n    --hash=sha256:{'1' * 64}\n")
    assert locked == {"a-b": ("1", frozenset({digest, "1" * 64}))}
    assert hashes.complaints({"a-b": "1"}, locked) == []
    assert hashes.complaints({"a-b": "2"}, locked) == ["a-b is 1 there, and 2 in constraints.txt."]
    assert hashes.complaints({}, locked) == ["a-b is in it, and should not be."]
    assert hashes.complaints({"a-b": "1", "c": "3"}, locked) == ["c 3 is not in it."]
    assert hashes.complaints({"a-b": "1"}, {"a-b": ("1", frozenset())}) == ["a-b has no hash."]
    for cut in (f"a==1 \\\n    --hash=sha256:{digest[:-1]}\n", f"    --hash=sha256:{digest}\n", "a>=1\n"):
        with pytest.raises(ValueError, match="line"):
            hashes.read(cut)


def test_pip_refuses_a_file_with_another_hash(tmp_path: Path) -> None:
    """The options that `make setup` gives to pip, on a package made here: with the right hash it is taken."""
    wheel = tmp_path / "locked_thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("locked_thing.py", "")
        for name, text in {
            "METADATA": "Metadata-Version: 2.1\nName: locked-thing\nVersion: 1.0\n",
            "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "RECORD": "locked_thing.py,,\n",
        }.items():
            file.writestr(f"locked_thing-1.0.dist-info/{name}", text)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    said = {}
    for name, hash in (("right", digest), ("wrong", digest[::-1])):
        listed = tmp_path / f"{name}.txt"
        listed.write_text(f"locked-thing==1.0 \\\n    --hash=sha256:{hash}\n")
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", "--find-links", str(tmp_path)]
        command += ["--no-deps", "--require-hashes", "-r", str(listed)]
        done = subprocess.run(command, capture_output=True, text=True, env={"PATH": "/usr/bin", "PIP_CONFIG_FILE": ""})
        said[name] = done.returncode, done.stdout + done.stderr
    assert said["right"][0] == 0, said["right"]
    assert said["wrong"][0] != 0 and "DO NOT MATCH THE HASHES" in said["wrong"][1]
