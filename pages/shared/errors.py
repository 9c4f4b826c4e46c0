"""What a person sees when something fails: the message of a `BcosError`, a plain sentence for anything else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from bcos_core.cli.output import keep_traceback
from bcos_core.errors import BcosError
from pages.shared.plain import plain


@contextmanager
def guard() -> Iterator[None]:
    """Shows an error in its place instead of a stack trace; usable as a decorator too.

    An unexpected error's traceback is kept in the log that the command line uses, under `BCOS_HOME`.
    """
    try:
        yield
    except BcosError as error:
        show_error(str(error))
    except Exception as error:
        log = keep_traceback(error, ["dashboard"])
        where = f"The details are at the end of {log}." if log else "The details could not be written to the log."
        show_error(f"Something went wrong while drawing this part. {where} Reload the page to try again.")


def show_error(message: str) -> None:
    st.error(plain(message), icon=":material/error:")
