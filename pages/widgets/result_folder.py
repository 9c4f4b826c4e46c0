"""Where the files of a finished job are."""

from __future__ import annotations

from pathlib import Path

from bcos_core.errors import InputError
from bcos_core.home import require_allowed
from bcos_core.jobs.store import Job


def result_folder(job: Job, what: str, kept: str) -> Path:
    """The folder that a job has written; `what` the job was and what is `kept` without it, in words.

    Raises:
        InputError: it is no longer there.
    """
    folder = require_allowed(job.artefacts[0]) if job.artefacts else None
    if folder is None or not folder.is_dir():
        raise InputError(f"The files of this {what} are no longer there. Run it again: {kept}.")
    return folder
