"""What a person sees when something fails: the message of a `BcosError`, a plain sentence for anything else."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from bcos_core.errors import BcosError
from bcos_core.home import get_home
from pages.shared.plain import plain

_LOG_LIMIT_BYTES = 2_000_000


@contextmanager
def guard() -> Iterator[None]:
    """Shows an error in its place instead of a stack trace; usable as a decorator too.

    An unexpected error's traceback is kept in `dashboard.log` under `BCOS_HOME`.
    """
    try:
        yield
    except BcosError as error:
        st.error(plain(str(error)), icon=":material/error:")
    except Exception:
        log = _keep(traceback.format_exc())
        where = f"The details are at the end of {log}." if log else "The details could not be written to the log."
        st.error(
            plain(f"Something went wrong while drawing this part. {where} Reload the page to try again."),
            icon=":material/error:",
        )


def _keep(details: str) -> Path | None:
    """Append to the log, the older half of which is set aside when it grows long; None if that fails."""
    log = get_home().root / "dashboard.log"
    with suppress(OSError):
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.is_file() and log.stat().st_size > _LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{datetime.now(UTC).isoformat(timespec='seconds')}\n{details}\n")
        return log
    return None
