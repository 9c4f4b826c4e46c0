"""Links of invitations that nobody has: after some from one address, further ones wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bcos_core.access.actor import NOBODY
from bcos_core.accounts.attempts import INVITATION, count_try, key_of, require_patience
from bcos_core.errors import InviteUnknownError, RaterError, TooManyTriesError
from pages.server.database import database_for
from pages.server.visits import VISITS


@contextmanager
def guessed() -> Iterator[None]:
    """Around the look-up of a token that came in an address.

    Raises:
        RaterError: too many that nobody has came from there before.
    """
    origin = VISITS.origin()
    key = key_of("invitation", origin)
    try:
        if origin:
            require_patience(database_for(NOBODY), key)
        yield
    except TooManyTriesError as error:
        raise RaterError(
            f"Too many links that nobody has came from here. Wait {error.seconds} s, then open your own link again."
        ) from error
    except (InviteUnknownError, RaterError):
        if origin:
            count_try(database_for(NOBODY), {key: INVITATION})
        raise
