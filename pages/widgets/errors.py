"""What a person sees when something fails: the message of a `BcosError`, a plain sentence for anything else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from bcos_core.error_log import keep_traceback
from bcos_core.errors import BcosError, StudyError, TextError
from bcos_core.home import CHECKOUT, get_home
from pages.widgets.plain import plain


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


@contextmanager
def raters_guard() -> Iterator[None]:
    """The same for those who rate: what is meant for them is shown, all else is kept in the log, without a word about
    where and how this server works."""
    try:
        yield
    except (StudyError, TextError) as error:
        show_error(str(error) if is_for_raters(str(error)) else _kept(error))
    except Exception as error:
        show_error(_kept(error))


def is_for_raters(message: str) -> bool:
    """Whether a message names no place on this machine."""
    return str(get_home().root) not in message and str(CHECKOUT) not in message


def _kept(error: Exception) -> str:
    keep_traceback(error, ["rate"])
    return "Something went wrong here. What you have saved is kept. Reload the page to go on."


def show_error(message: str) -> None:
    st.error(plain(message), icon=":material/error:")
