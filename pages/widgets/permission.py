"""What not everybody may do, where it is offered: for others it is there, off, and says who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bcos_core.access.table import Action, refusal
from bcos_core.storage.audit import demand
from pages.server import roles
from pages.server.seams import pressed
from pages.widgets.plain import plain


def offer(
    draw: Callable[..., Any], label: str, action: Action, *, owner: str | None = None, of: str = "", **options: Any
) -> Any:
    """What `draw` gives: `st.button` or another widget that does it with what belongs to `owner` (None: with what will
    be one's own); `of` names that in the log.

    A courtesy: where it is done, it is asked again.

    Raises:
        NotAllowedError: a message presses what is off: no browser's, or that of a page from before a role was changed.
    """
    why = refusal(roles.actor(), action, owner=owner)
    if why is None:
        return draw(label, **options)
    before = pressed()
    answer = draw(label, **{**options, "disabled": True, "help": plain(why)})
    if pressed() != before:
        demand(roles.database(), action, of, owner=owner)
    return answer
