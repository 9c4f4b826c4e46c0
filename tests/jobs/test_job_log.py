"""The end of a log, and the points on their way to the database."""

from __future__ import annotations

import io
import math
import os
from pathlib import Path

import pytest

from bcos_core.jobs.journal import Journal
from bcos_core.jobs.lease import Point
from bcos_core.jobs.log import tail


def test_a_log_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert tail(tmp_path / "job.log", 10) == ""


def test_the_last_lines_of_a_long_log(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    log.write_text("".join(f"line {number} {'x' * (number % 900)}\n" for number in range(5000)))
    lines = tail(log, 3).split("\n")
    assert [line.split()[1] for line in lines] == ["4997", "4998", "4999"]
    assert lines[0].startswith("line 4997 ")
    assert len(tail(log, 100_000).split("\n")) == 5000


class Counted(io.FileIO):
    """A file that counts what is read of it."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:  # type: ignore[override]
        data = super().read(size)
        Counted.taken += len(data)
        return data


@pytest.mark.parametrize("content", [b"x", b"line\n", b"\r 50 %"])
def test_of_a_huge_log_only_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    log = tmp_path / "job.log"
    with log.open("wb") as file:
        file.truncate(2_000_000_000 // 6 * 6)  # a hole: it takes no space
        file.seek(0, os.SEEK_END)
        file.write(content * (300_000 // len(content)))
    monkeypatch.setattr(Path, "open", lambda self, mode: Counted(self, mode))
    Counted.taken = 0
    found = tail(log, 200)
    assert Counted.taken <= 200 * 400
    expected = {b"x": "…" + "x" * 80_000, b"line\n": "\n".join(["line"] * 200), b"\r 50 %": " 50 %"}
    assert found == expected[content]


def test_a_cut_through_a_character_shows_none_that_is_broken(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    log.write_text("é" * 100_000 + "!", encoding="utf-8")  # two bytes each, and one: the cut halves one
    assert tail(log, 1) == "…" + "é" * (64 * 1024 // 2 - 1) + "!"


def test_a_progress_bar_shows_its_last_state(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    log.write_bytes("begin\r\n 10 %\r 50 %\r100 %\nschön\n".encode() + b"bad \xff byte")
    assert tail(log, 10) == "begin\n100 %\nschön\nbad � byte"


def test_a_journal_gives_back_what_a_killed_start_left(tmp_path: Path) -> None:
    path = tmp_path / "points.jsonl"
    killed = Journal(path)
    assert killed.left_over == []
    killed.append(Point("loss", 1, 0.5))
    killed.append(Point("loss", 2, float("inf")))
    killed.close()
    with path.open("a") as file:
        file.write('["loss", "3", 1]\n[{}, 3, 1]\n' + "[" * 100_000 + "\n")  # none that a job has told
        file.write('["loss", 3, 0.')  # cut in the middle by the kill
    journal = Journal(path)
    first, second = journal.left_over
    assert first == Point("loss", 1, 0.5)
    assert (second.series, second.step) == ("loss", 2) and math.isnan(second.value)  # what is not finite is no number
    journal.clear()
    journal.append(Point("loss", 4, 0.25))
    journal.close()
    assert Journal(path).left_over == [Point("loss", 4, 0.25)]
