"""Python runs this first in every process of the campaign, since it is on their path: the wall clock is off by as many
seconds as the file `BCOS_CHAOS_CLOCK` says, and follows it. What is measured with a stopwatch goes on as it was."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

LOOK_SECONDS = 0.2


def _follow(file: Path) -> None:
    at, jump = 0, None
    while True:
        to = int(file.read_text())
        if to != at:
            if jump is not None:
                jump.stop()
            at, jump = to, time_machine.travel(datetime.now(UTC) + timedelta(seconds=to)) if to else None
            if jump is not None:
                jump.start()
        time.sleep(LOOK_SECONDS)


if clock := os.environ.get("BCOS_CHAOS_CLOCK"):
    threading.Thread(target=_follow, args=(Path(clock),), daemon=True).start()
