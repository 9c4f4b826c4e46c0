"""Passwords, kept as Argon2 hashes (argon2-cffi, with its recommended parameters: RFC 9106, low memory)."""

from __future__ import annotations

import functools
import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bcos_core.errors import AccountError

SHORTEST, LONGEST = 12, 1024
_HASHER = PasswordHasher()
# Each takes 64 MB: whoever sends many guesses at once waits in line.
_TURNS = threading.BoundedSemaphore(2)


def hash_password(password: str) -> str:
    """
    Raises:
        AccountError: it is too short, or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccountError(
            f"A password has {SHORTEST} to {LONGEST:,} characters; this one has {len(password):,}. A few words in "
            "a row are easy to remember and hard to guess."
        )
    with _TURNS:
        return _HASHER.hash(password)


def fits(stored: str, password: str) -> bool:
    """Whether it is the password of a hash. Takes as long where there is no hash: nobody learns who has an account."""
    password = password if len(password) <= LONGEST else ""
    with _TURNS:
        of_nobody = _of_nobody()  # also where it is not needed: the first time takes as long for everybody
        try:
            _HASHER.verify(stored or of_nobody, password)
        except (VerificationError, InvalidHashError):
            return False
    return bool(stored)


def is_outdated(stored: str) -> bool:
    """Whether it was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


@functools.cache
def _of_nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))
