"""Whose something is, where there are accounts."""

from __future__ import annotations

from bcos_core.accounts.users import Users
from pages.server import roles


def by_whom(owner: str) -> str:
    """ " by Ada": of a job or study that belongs to the account of that id; "" where nobody signs in, or nobody who has
    an account made it."""
    if not owner or not roles.team():
        return ""
    name = Users(roles.database()).called(owner)
    return f" by {name}" if name is not None else " by somebody who has no account any more"
