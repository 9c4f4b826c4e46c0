"""What every command has: exit codes, errors in words, one JSON object on the last line."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

from bcos_core.cli.main import COMMANDS, main
from bcos_core.error_log import keep_traceback
from bcos_core.errors import DataError, JobCancelled, JobError
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.store import JobStore

Fake = Callable[[Callable[[], dict[str, Any]]], None]


@pytest.fixture
def fake_command(home: Home, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a function in the place of the command `tasks`."""

    def put(work: Callable[[], dict[str, Any]]) -> None:
        def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
            parser = subparsers.add_parser("tasks", epilog="example:\n  python -m bcos_core tasks\n")
            parser.set_defaults(run=lambda args: work(), show=lambda result: f"shown {result}")

        module = types.ModuleType("bcos_core.cli.tasks")
        module.add_parser = add_parser  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "bcos_core.cli.tasks", module)

    return put


def raising(error: BaseException) -> Callable[[], dict[str, Any]]:
    def work() -> dict[str, Any]:
        raise error

    return work


def test_a_result_is_shown_or_printed_as_json(fake_command: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    fake_command(lambda: {"loss": float("nan"), "text": "naïve\u2028文"})
    assert main(["tasks"]) == 0
    assert capsys.readouterr().out.startswith("shown {")
    assert main(["tasks", "--json"]) == 0
    output = capsys.readouterr().out
    assert output.isascii() and len(output.splitlines()) == 1
    assert json.loads(output) == {"loss": None, "text": "naïve\u2028文"}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("No column 'text'."), 2),
        (JobError("It has ended."), 1),
        (JobCancelled("Stopped."), 130),
        (KeyboardInterrupt(), 130),
    ],
)
def test_errors_have_exit_codes_and_words(
    fake_command: Fake, capsys: pytest.CaptureFixture[str], error: BaseException, code: int
) -> None:
    fake_command(raising(error))
    assert main(["tasks", "--json"]) == code
    output = capsys.readouterr()
    said = json.loads(output.out.splitlines()[-1])["error"]
    assert said["type"] == type(error).__name__ and said["message"] == (str(error) or "Interrupted.")
    assert output.err == f"bcos: {said['message']}\n"
    assert main(["tasks"]) == code
    assert capsys.readouterr().out == ""


def test_a_bug_is_one_line_with_the_traceback_in_a_file(
    fake_command: Fake, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_command(raising(ZeroDivisionError("by zero")))
    assert main(["tasks"]) == 1
    output = capsys.readouterr()
    log = home.root / "errors.log"
    assert output.out == "" and len(output.err.splitlines()) == 1
    assert "ZeroDivisionError: by zero" in output.err and str(log) in output.err
    assert "Traceback" in log.read_text() and "tasks" in log.read_text()


@pytest.mark.parametrize("words", [["nonsense"], ["jobs"], ["jobs", "list", "--limit", "0"], []])
def test_wrong_usage_is_exit_code_2(home: Home, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main([*words, "--json"]) == 2
    output = capsys.readouterr()
    assert json.loads(output.out.splitlines()[-1])["error"]["message"]
    assert "bcos: " in output.err and "Traceback" not in output.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_json(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    help_text = capsys.readouterr().out
    assert f"python -m bcos_core {command}" in help_text.lower().split("example", 1)[1]
    assert "--json" in help_text


def run_command(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "bcos_core", *words]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, env={**os.environ, **environment}, timeout=60)


def test_looking_at_jobs_imports_neither_torch_nor_streamlit(home: Home) -> None:
    code = (
        "import sys; from bcos_core.cli.main import main; code = main(['jobs', 'list', '--json']); "
        "print([name for name in ('torch', 'transformers', 'streamlit', 'pandas') if name in sys.modules], code)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[] 0"


def test_characters_that_the_terminal_lacks_do_not_end_it(store: JobStore) -> None:
    store.submit("train", "Größe → 文", {}, "k")
    done = run_command("jobs", "list", LC_ALL="C", LANG="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0 and b"Gr\\xf6\\xdfe \\u2192 \\u6587" in done.stdout


def test_a_reader_that_leaves_is_no_error(store: JobStore) -> None:
    store.submit("train", "x" * 1_000_000, {}, "k")  # more than a pipe holds
    command = [sys.executable, "-m", "bcos_core", "jobs", "list"]
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) == 141


def test_a_home_that_cannot_be_written_is_told_in_words(home: Home) -> None:
    home.root.parent.joinpath("file").write_text("")
    done = run_command("jobs", "list", "--json", BCOS_HOME=str(home.root.parent / "file" / "home"))
    assert done.returncode == 1 and b"Traceback" not in done.stderr
    assert json.loads(done.stdout)["error"]["type"] == "StorageError"


def test_the_log_of_errors_does_not_grow_without_end(home: Home) -> None:
    log = home.create().root / "errors.log"
    for number in range(40):
        keep_traceback(ValueError(f"no. {number} " + "x" * 6_000_000), ["explain"])
    kept = [log, log.with_name("errors.log.1")]
    assert all(path.stat().st_size < 1024 * 1024 + 70_000 for path in kept)
    assert sorted(path.name for path in home.root.glob("errors.log*")) == ["errors.log", "errors.log.1"]
    newest = log.read_text()
    assert "no. 39 x" in newest and "characters are left out" in newest


def test_an_ordinary_error_is_kept_whole(home: Home) -> None:
    log = keep_traceback(ValueError("one\ntwo"), ["explain", "--text"])
    assert log == home.root / "errors.log"
    assert log.read_text().endswith("ValueError: one\ntwo\n") and "explain --text" in log.read_text()
