"""What stands in a page's place while nobody can say whose it is: the database does not answer, or is a newer
version's."""

from __future__ import annotations

import streamlit as st

from bcos_core.errors import StorageError
from pages.server.roles import actor
from pages.server.unreachable import AGAIN_SECONDS, words_for
from pages.widgets.errors import show_error
from pages.widgets.frame import by_itself


def wait_for_database(error: StorageError) -> None:
    """Say so, and draw the whole page as soon as it answers again."""
    show_error(words_for(error))
    by_itself(run_every=AGAIN_SECONDS)(_look)()


def _look() -> None:
    try:
        actor()
    except StorageError:
        return
    st.rerun()
