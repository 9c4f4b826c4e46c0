"""The campaign in short: hostile input for every surface breaks nothing, runs nothing, and touches no file outside."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from bcos_core.home import CHECKOUT
from tests.hostile import values
from tests.hostile.__main__ import APART, SHARES
from tests.hostile.campaign import run
from tests.hostile.surface import Ground, Surface
from tests.hostile.surfaces import archives, results, specifications
from tests.hostile.watch import Watch

SEED = "20"
PARSERS = [name for name in SHARES if name not in APART]


def campaign(output: Path, names: list[str], cases: int) -> dict[str, Any]:
    """The last line of the command; what it found is said where there is something."""
    command = [sys.executable, "-m", "tests.hostile", "--together", "--surface", *names, "--cases", str(cases)]
    done = subprocess.run(
        [*command, "--seed", SEED, "--output", str(output)], cwd=CHECKOUT, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-2000:]}"
    return found


@pytest.mark.parametrize(("names", "cases"), [(PARSERS, 500), (list(APART), 12)], ids=["parsers", "pages"])
def test_nothing_is_hurt(names: list[str], cases: int, tmp_path: Path) -> None:
    found = campaign(tmp_path, names, cases)
    assert (found["crashes"], found["code_run"], found["outside_files"]) == (0, 0, 0)
    assert found["cases"]["all"] >= cases and all(found["cases"][name] for name in names)
    assert found["refused"] > 0 or names != PARSERS


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"not JSON", b"\xff"])
def test_a_case_of_what_no_reader_takes_is_made_as_it_is(content: bytes) -> None:
    """Rows that are nested deeper than Python's reader goes are sent, and are no fault of the campaign's own."""
    assert archives._json_lines(content + b"\n{}", [("replace", 0, 1)]) == [content, b"{}"]
    assert values.Raw(content.decode("latin-1")).value() == content.decode("latin-1")
    for read in (results._plain, specifications._plain):
        read(content)


def test_a_log_that_a_server_has_just_made_is_no_error(tmp_path: Path) -> None:
    """It writes after it has made the file: what it says is judged after the next case."""
    ground = Ground(tmp_path)
    ground.prepare()
    log = ground.home.root / "errors.log"
    steps = iter((lambda: log.touch(), lambda: log.write_text("Traceback\nValueError: x"), lambda: None))

    def make(_: Ground) -> tuple[Any, Any]:
        return st.integers(), lambda case: next(steps)()

    report = run(Surface("a", "", make), 3, 1, tmp_path / "a.json", ground, Watch([tmp_path]))
    assert report.crashes == 1 and next(iter(report.kinds)).startswith("in the log: ValueError")


def test_what_is_forbidden_is_seen(tmp_path: Path) -> None:
    """A watch that never saw anything would be as silent."""
    done = subprocess.run(
        [sys.executable, "-c", FORBIDDEN, str(tmp_path)], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [
        ["outside_files", "read"],
        ["outside_files", "write"],
        ["outside_files", "through a link"],
        ["outside_files", "remove"],
        ["code_run", "system"],
        ["code_run", "Popen"],
        ["code_run", "pickle"],
        ["code_run", "eval"],
        ["code_run", "import"],
        ["network", "connect"],
        [None, "inside"],
    ]


FORBIDDEN = """
import json, os, pickle, socket, subprocess, sys
from contextlib import suppress
from pathlib import Path
from tests.hostile.watch import MARK, Watch

root = Path(sys.argv[1])
inside, outside = root / "inside", root / "outside"
inside.mkdir()
outside.mkdir()
(outside / "a").write_text("a")
(inside / "link").symlink_to(outside / "a")
(inside / "evil.py").write_text("x = 1")
steps = {
    "read": lambda: (outside / "a").read_text(),
    "write": lambda: (outside / "b").write_text("b"),
    "through a link": lambda: (inside / "link").read_text(),
    "remove": lambda: (outside / "b").unlink(),
    "system": lambda: os.system("true"),
    "Popen": lambda: subprocess.Popen(["true"]),
    "pickle": lambda: pickle.loads(b"cos\\nsystem\\n."),
    "eval": lambda: eval(f"'{MARK}'"),
    "import": lambda: __import__("evil"),
    "connect": lambda: socket.create_connection(("127.0.0.1", 9)),
    "inside": lambda: (inside / "c").write_text("c"),
}
watch = Watch([inside])
watch.install()
sys.path.append(str(inside))
found = []
for name, step in steps.items():
    watch.begin()
    with suppress(Exception):
        step()
    seen = watch.end()
    found.append([seen[0].kind if seen else None, name])
print(json.dumps(found))
"""
