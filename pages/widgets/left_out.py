"""What a list could not show, and why: said where the list is, and hiding nothing else.

A file may have ten thousand lines of which none can be used: a page with as many lines would not open. The first are
named, and how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from bcos_core.home import get_home
from bcos_core.model.info import list_checkpoints, list_language_models
from bcos_core.numbers import count
from bcos_core.storage.listing import LeftOut
from pages.widgets.plain import plain

MOST_NAMED = 50


def further(n: int) -> None:
    """How many there are behind the `MOST_NAMED` that were named."""
    if n > MOST_NAMED:
        st.caption(f"And {n - MOST_NAMED:,} more.")


def left_out_rows(
    left_out: Sequence[LeftOut], what: tuple[str, str], *, delete: Callable[[str], None] | None = None
) -> None:
    """The rows of a database that cannot be read, each with the reason and, with `delete`, the way to be rid of it."""
    if not left_out:
        return
    with st.expander(f"{count(len(left_out), *what)} left out", icon=":material/info:"):
        for one in left_out[:MOST_NAMED]:
            st.caption(plain(one.sentence))
            if delete is not None and st.button("Delete it", key=f"delete-damaged-{one.name}", type="tertiary"):
                delete(one.name)
                st.rerun()
        further(len(left_out))


def left_out_models() -> None:
    """The folders among the models that cannot be used, each with the reason; nothing where all can. A language model
    is no classifier, and is listed by itself."""
    speaking = {info.path.name for info in list_language_models(get_home())}
    left_out = [one for one in list_checkpoints(get_home()).left_out if one.name not in speaking]
    if not left_out:
        return
    with st.expander(f"{count(len(left_out), 'folder')} left out", icon=":material/info:"):
        for one in left_out:
            st.caption(plain(one.sentence))
