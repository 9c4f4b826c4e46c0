"""Writers wait in line, and not for ever."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bcos_core.home import CHECKOUT
from bcos_core.storage.turns import in_turn

HOLD = """
import sys, pathlib
from bcos_core.storage.turns import in_turn
with in_turn(pathlib.Path(sys.argv[1]), longest_seconds=60):
    print("mine", flush=True)
    sys.stdin.read()
"""


def test_one_at_a_time(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(20):
            with in_turn(tmp_path / "turn", longest_seconds=60):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 120


def test_a_killed_process_holds_nothing_and_a_stuck_one_is_waited_for_only_so_long(tmp_path: Path) -> None:
    path = tmp_path / "turn"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "mine\n"
        done = threading.Event()

        def wait() -> None:
            with in_turn(path, longest_seconds=60):
                done.set()

        waiter = threading.Thread(target=wait)
        waiter.start()
        with in_turn(path, longest_seconds=0.05):  # goes on without it
            assert not done.is_set()
        holder.kill()
        assert done.wait(30)
        waiter.join()
    # Whoever gave up waiting does not keep the turn when it comes: the next one need not wait for it.
    began = time.monotonic()
    with in_turn(path, longest_seconds=60):
        assert time.monotonic() - began < 30
        file = os.open(path, os.O_RDWR)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(file)


def test_a_folder_that_cannot_be_written_is_not_this_files_business(tmp_path: Path) -> None:
    with in_turn(tmp_path / "missing" / "turn", longest_seconds=1):
        pass


def test_what_the_body_raises_ends_the_turn(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), in_turn(tmp_path / "turn", longest_seconds=1):
        raise ZeroDivisionError
    with in_turn(tmp_path / "turn", longest_seconds=0.0):
        pass
