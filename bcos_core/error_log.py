"""Where unexpected errors are kept whole: what a person is shown is one sentence."""

from __future__ import annotations

import logging
import os
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from bcos_core.errors import InputError
from bcos_core.home import get_home
from bcos_core.log_lines import wants_json
from bcos_core.measured import ERRORS

LONGEST_ENTRY = 64 * 1024
"""Characters of one error: it may quote whatever it was given."""
LONGEST_LOG = 1024 * 1024
"""Bytes of `errors.log`; then it becomes `errors.log.1`, in the place of the one before."""


def keep_traceback(error: BaseException, doing: Sequence[str]) -> Path | None:
    """Append what happened to `errors.log` under BCOS_HOME; the file, None if it cannot be written anywhere.

    Where that folder cannot be written, the system's temporary folder takes its place. Neither a long error nor many
    of them fill the disk.
    """
    ERRORS.labels(doing[0] if doing else "").inc()
    with suppress(InputError):  # a setting that means nothing, which was said when the program started
        if wants_json():  # whoever collects lines has it whole, and looks into no file
            logging.getLogger(__name__).error("%s", " ".join(doing), exc_info=error)
    text = "".join(
        [
            f"--- {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, process {os.getpid()}: {' '.join(doing)}\n",
            *traceback.format_exception(error),
        ]
    )
    if len(text) > LONGEST_ENTRY:
        half = LONGEST_ENTRY // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half:,} characters are left out …\n{text[-half:]}"
    for folder in (get_home().root, Path(tempfile.gettempdir())):
        path = folder / ("errors.log" if folder == get_home().root else f"bcos-errors-{os.getpid()}.log")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size > LONGEST_LOG:
                path.replace(path.with_name(f"{path.name}.1"))
            with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            return path
        except OSError:
            continue
    return None
