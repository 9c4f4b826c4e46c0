"""What a list could not show, and why: said where the list is, and hiding nothing else.

A file may have ten thousand lines of which none can be used: a page with as many lines would not open. The first are
named, and how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.home import get_home
from bcos_core.model.info import list_checkpoints, list_language_models
from bcos_core.numbers import count, file_size
from bcos_core.storage.artefacts.mirror import missing, reasons
from bcos_core.storage.artefacts.objects import is_asked
from bcos_core.storage.artefacts.shared import shared
from bcos_core.storage.listing import LeftOut
from pages.server import roles
from pages.widgets.permission import offer
from pages.widgets.plain import plain

MOST_NAMED = 50


def further(n: int) -> None:
    """How many there are behind the `MOST_NAMED` that were named."""
    if n > MOST_NAMED:
        st.caption(f"And {n - MOST_NAMED:,} more.")


def left_out_rows(
    left_out: Sequence[LeftOut],
    what: tuple[str, str],
    *,
    delete: Callable[[str], None] | None = None,
    action: Action = Action.DELETE_JOB,
) -> None:
    """The rows of a database that cannot be read, each with the reason and, with `delete`, the way to be rid of it for
    those who may do that `action`."""
    if not left_out:
        return
    with st.expander(f"{count(len(left_out), *what)} left out", icon=":material/info:"):
        for one in left_out[:MOST_NAMED]:
            st.caption(plain(one.sentence))
            look = {"of": one.name, "key": f"delete-damaged-{one.name}", "type": "tertiary"}
            if delete is not None and offer(st.button, "Delete it", action, **look):
                delete(one.name)
                st.rerun()
        further(len(left_out))


def left_out_models() -> None:
    """The folders among the models that cannot be used, each with the reason; nothing where all can. A language model
    is no classifier, and is listed by itself. And those that lie in the store and are not here yet."""
    _not_here()
    speaking = {info.path.name for info in list_language_models(get_home())}
    left_out = [one for one in list_checkpoints(get_home()).left_out if one.name not in speaking]
    if not left_out:
        return
    with st.expander(f"{count(len(left_out), 'folder')} left out", icon=":material/info:"):
        for one in left_out:
            st.caption(plain(one.sentence))


def _not_here() -> None:
    """Models that other hosts have made, and that are on their way."""
    home = get_home()
    if not is_asked():
        return
    of = shared(home, roles.database())
    waiting = [row for row in missing(of) if row.kind == home.models.name] if of is not None else []
    if not waiting:
        return
    why = reasons(home)
    with st.expander(f"{count(len(waiting), 'model')} in the store, not here yet", icon=":material/cloud_download:"):
        for row in waiting[:MOST_NAMED]:
            reason = why.get(row.path, "It is being brought, one after the other.")
            st.caption(plain(f"{row.path.partition('/')[2]} ({file_size(row.bytes)}). {reason}"))
        further(len(waiting))
