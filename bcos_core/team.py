"""Whom a server is for: what its environment says. `python -m bcos_core app` sets it."""

from __future__ import annotations

from ipaddress import ip_address

from bcos_core.errors import InputError

RATERS_ONLY = "BCOS_RATERS_ONLY"
"""1 on a server for raters, which nobody can sign in to."""
TEAM = "BCOS_TEAM"
"""1 on a server for a team: everybody signs in."""

ALONE = (
    "This dashboard has no sign-in, and whoever reaches it can do everything in it: it listens on this machine alone, "
    "at 127.0.0.1. To share it, make an account (`python -m bcos_core users add NAME --role admin`) and start it with "
    "`python -m bcos_core app --team --address ADDRESS --host NAME`; for raters alone there is `app --raters`."
)


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches a server that listens there."""
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def require_loopback(address: str) -> None:
    """Of a server without sign-in.

    Raises:
        InputError: it would be open to a network.
    """
    if not is_loopback(address):
        raise InputError(f"{ALONE} Asked for: {address or 'every address of this machine'}.")
