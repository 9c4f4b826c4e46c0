"""Lines of logs: for a person, or, with `BCOS_LOG=json`, one JSON object each, for a machine that collects them."""

from __future__ import annotations

import json
import logging
import os
import time
from datetime import UTC, datetime

from bcos_core.errors import InputError

SETTING = "BCOS_LOG"
_ABOUT_A_JOB = "Job %s"
"""How a message begins that is about one job, whose id is its first argument."""


def wants_json() -> bool:
    """Whether logs are JSON lines.

    Raises:
        InputError: `BCOS_LOG` is neither `json` nor `text`.
    """
    asked = os.environ.get(SETTING, "").strip()
    if asked not in ("", "text", "json"):
        raise InputError(f"{SETTING} is {asked!r}. Set it to json, one object a line, or to text, or leave it out.")
    return asked == "json"


def formatter() -> logging.Formatter:
    """What `BCOS_LOG` asks for.

    Raises:
        InputError: as in `wants_json`.
    """
    if wants_json():
        return JsonLines()
    found = logging.Formatter("%(asctime)s UTC %(levelname)s %(message)s")
    found.converter = time.gmtime
    return found


class JsonLines(logging.Formatter):
    """`time` (UTC), `level`, `logger`, `process`, `message`; of a message about a job its id as `job`; of an exception
    its traceback as `exception`. One line of ASCII, whatever was logged."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if str(record.msg).startswith(_ABOUT_A_JOB) and isinstance(record.args, tuple) and record.args:
            line["job"] = str(record.args[0])
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)
