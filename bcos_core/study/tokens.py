"""Secrets that let somebody in: shown once, kept only as a hash."""

from __future__ import annotations

import hashlib
import secrets

_CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is taken for another: no I and 1, no O and 0
_CODE_LENGTH = 10


def new_token() -> str:
    """256 random bits for a link."""
    return secrets.token_urlsafe(32)


def new_id() -> str:
    """A name that tells nothing; it need not be kept secret."""
    return secrets.token_hex(8)


def token_hash(token: str) -> str:
    """What the database keeps. The token is random and long, so a plain hash cannot be turned back."""
    return hashlib.sha256(token.strip().encode("utf-8", "surrogatepass")).hexdigest()


def resume_token_of(personal_token: str) -> str:
    """The same resume token on every device that a personal link is opened on, without keeping either."""
    return token_hash(f"resume {personal_token.strip()}")


def completion_code() -> str:
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
