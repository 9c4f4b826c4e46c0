"""Whom a server takes for a researcher: what its environment says."""

from __future__ import annotations

from bcos_core.errors import InputError

RATERS_ONLY = "BCOS_RATERS_ONLY"
"""1 on a server for raters, which has no researchers."""
RESEARCHERS = "BCOS_RESEARCHERS"
"""With an identity provider: the people who get the dashboard, as `ISSUER SUBJECT`, separated by commas."""


def listed_researchers(text: str) -> frozenset[tuple[str, str]]:
    """Issuer and subject of each person in a list, letter by letter: OpenID Connect compares them so.

    Raises:
        InputError: an entry that is not two words, an e-mail address for example.
    """
    entries = [entry.split() for entry in text.split(",") if entry.strip()]
    for entry in entries:
        if len(entry) != 2 or "://" not in entry[0]:
            raise InputError(
                f"{RESEARCHERS} has the entry {' '.join(entry)!r}; it lists people as ISSUER SUBJECT, for example "
                f"'https://accounts.google.com 110169484474386276334'. An e-mail address does not say for good who "
                f"somebody is. Whoever logs in and is not listed is shown their own two words."
            )
    return frozenset((issuer, subject) for issuer, subject in entries)
