"""Log lines for machines: one JSON object each, whatever is logged, with the job that they are about."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from bcos_core.errors import InputError
from bcos_core.log_lines import JsonLines, formatter, wants_json


def line(message: str, *args: object, exc_info: Any = None) -> dict[str, Any]:
    record = logging.LogRecord("bcos_core.jobs", logging.WARNING, "file.py", 1, message, args, exc_info)
    record.created = datetime(2026, 11, 28, 12, 0, 0, 250_000, tzinfo=UTC).timestamp()
    text = JsonLines().format(record)
    assert "\n" not in text and text.isascii()
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_line_says_when_who_and_what() -> None:
    found = line("Supervisor %d runs.", 7)
    assert found.pop("process")
    assert found == {
        "time": "2026-11-28T12:00:00.250+00:00",
        "level": "warning",
        "logger": "bcos_core.jobs",
        "message": "Supervisor 7 runs.",
    }


def test_a_message_about_a_job_has_its_id() -> None:
    assert line("Job %s: started as process %d on %s.", "20261128-1", 5, "cpu")["job"] == "20261128-1"
    assert "job" not in line("Jobs are paused.")


def test_lines_in_a_message_and_tracebacks_stay_one_line() -> None:
    assert line("first\nsecond \x1b[31m “”")["message"] == "first\nsecond \x1b[31m “”"
    try:
        raise ValueError("no\nnumber")
    except ValueError:
        found = line("failed", exc_info=sys.exc_info())
    assert "ValueError: no\nnumber" in found["exception"]


def test_the_setting_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, wanted in (("", False), ("text", False), ("json", True)):
        monkeypatch.setenv("BCOS_LOG", text)
        assert wants_json() == wanted and isinstance(formatter(), JsonLines) == wanted
    monkeypatch.setenv("BCOS_LOG", "xml")
    with pytest.raises(InputError, match="BCOS_LOG is 'xml'"):
        wants_json()
